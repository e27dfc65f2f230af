import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { BackpressureController, MemoryBudget } from '../../src/pipeline/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What all objects of the process take, garbage aside. */
function held(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

it('a controller holds less than 1 KB, also when it has been paused and somebody has waited', async () => {
  const count = 2000
  const budget = new MemoryBudget()
  let paused = 0
  const run = async (): Promise<BackpressureController> => {
    const control = new BackpressureController({ budget, onPause: () => paused++, onResume: () => paused-- })
    control.added(20_000)
    const room = control.acquire(100, { timeoutMs: 1000 })
    control.removed(20_000)
    await room
    control.added(20_000)
    return control
  }
  const all: BackpressureController[] = [await run()]
  const before = held()
  for (let i = 0; i < count; i++) all.push(await run())
  const each = (held() - before) / count
  expect(each).toBeGreaterThan(100)
  expect(each).toBeLessThan(1024)
  expect(budget.used).toBe((count + 1) * 20_100)
  for (const control of all) control.close()
  expect(budget.used).toBe(0)
})
