import { describe, expect, it } from 'vitest'
import { TargetHealth } from '../../src/resilience/index.ts'

const options = { failures: 1, openMs: 100 }

it('that failed is not well again because an answer that had begun before comes to its end', () => {
  const health = new TargetHealth(options)
  const long = health.begin(0)
  health.begin(5)('bad', 10)
  long('good', 50)
  expect(health.admits(50)).toBe(false)
  health.begin(60)('good', 70)
  expect(health.admits(70)).toBe(true)
})

describe('the probe of a target that failed', () => {
  it('is not judged by requests that were under way before it', () => {
    const health = new TargetHealth(options)
    const slow = health.begin(0)
    health.begin(0)('bad', 10)
    const probe = health.begin(120)
    slow('bad', 130)
    // Neither over nor failed: the next one comes when it is.
    expect([health.admits(130), health.state(130)]).toMatchObject([false, { state: 'half-open', until: 110 }])
    probe('good', 140)
    expect(health.state(140).state).toBe('closed')
  })

  it('stays the only one when another request is given up', () => {
    const health = new TargetHealth(options)
    const other = health.begin(0)
    health.begin(0)('bad', 10)
    const probe = health.begin(120)
    other('left', 130)
    expect(health.admits(130)).toBe(false)
    probe('left', 140)
    expect(health.admits(140)).toBe(true)
  })
})
