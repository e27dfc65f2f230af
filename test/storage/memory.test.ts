import { MemoryStore } from '../../src/storage/index.ts'
import { describeStore } from '../suites/storage.ts'

describeStore({ name: 'memory', open: (now) => new MemoryStore({ now }) })
