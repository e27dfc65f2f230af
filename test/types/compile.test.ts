import { expect, it } from 'vitest'
import { run } from '../../scripts/run.ts'

it('what users of the types write compiles, and what must not compile does not', async () => {
  expect(await run('tsc', ['--noEmit', '-p', 'test/types'])).toMatchObject({ code: 0, output: '' })
})
