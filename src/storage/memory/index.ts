/** State that lasts as long as the process. */
export { MemoryStore } from './store.ts'
