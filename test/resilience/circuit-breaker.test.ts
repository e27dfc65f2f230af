import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CircuitBreaker } from '../../src/resilience/index.ts'

const options = { failures: 3, share: 0.5, least: 10, windowMs: 1000, openMs: 100, mostOpenMs: 400 }

describe('a circuit breaker', () => {
  it('opens after failures in a row, lets one probe through when its time is up, and closes when that succeeds', () => {
    const breaker = new CircuitBreaker(options)
    for (let i = 0; i < 3; i++) {
      expect(breaker.admits(0)).toBe(true)
      breaker.sent(0)
      breaker.failed(0)
    }
    expect([breaker.admits(99), breaker.state(99)]).toEqual([false, { state: 'open', failures: 3, until: 100 }])
    expect([breaker.admits(100), breaker.state(100).state]).toEqual([true, 'half-open'])
    breaker.sent(100)
    expect(breaker.admits(100)).toBe(false)
    breaker.succeeded(110)
    expect([breaker.admits(110), breaker.state(110)]).toEqual([true, { state: 'closed', failures: 0 }])
  })

  it('stays open twice as long each time that a probe fails, up to a limit', () => {
    const breaker = new CircuitBreaker(options)
    for (let i = 0; i < 3; i++) breaker.failed(0)
    let now = 0
    for (const length of [100, 200, 400, 400]) {
      expect(breaker.admits(now + length - 1)).toBe(false)
      now += length
      expect(breaker.admits(now)).toBe(true)
      breaker.sent(now)
      breaker.failed(now)
    }
  })

  it('is not closed or prolonged by requests that went because nothing else was left', () => {
    const breaker = new CircuitBreaker(options)
    for (let i = 0; i < 3; i++) breaker.failed(0)
    breaker.sent(50)
    breaker.failed(60)
    expect(breaker.state(60)).toMatchObject({ state: 'open', until: 100 })
  })

  it('lets the next probe through when the last one ended without saying anything', () => {
    const breaker = new CircuitBreaker(options)
    for (let i = 0; i < 3; i++) breaker.failed(0)
    breaker.sent(100)
    expect(breaker.admits(120)).toBe(false)
    breaker.left()
    expect(breaker.admits(120)).toBe(true)
  })

  it('opens at a share of failures, of enough outcomes within the window', () => {
    const breaker = new CircuitBreaker(options)
    const outcomes = [true, false, true, false, true, false, true, false, true]
    for (const good of outcomes) good ? breaker.succeeded(0) : breaker.failed(0)
    expect(breaker.state(0).state).toBe('closed')
    breaker.failed(0)
    expect(breaker.state(0).state).toBe('open')
    // The same spread over more than two windows does not count together.
    const slow = new CircuitBreaker(options)
    for (const [i, good] of [...outcomes, false].entries()) good ? slow.succeeded(i * 500) : slow.failed(i * 500)
    expect(slow.state(5000).state).toBe('closed')
  })

  type Move = 'send' | 'good' | 'bad' | 'left' | number

  it('does what a plain reading of its rules does, whatever happens', () => {
    const move = fc.oneof(fc.constantFrom<Move>('send', 'good', 'bad', 'left'), fc.integer({ min: 1, max: 150 }))
    fc.assert(
      fc.property(fc.array(move, { maxLength: 80 }), (moves) => {
        // Without the share, which has a test of its own.
        const breaker = new CircuitBreaker({ ...options, least: 1e9 })
        const plain = { open: false, row: 0, until: 0, openMs: 100, probing: false }
        let now = 0
        for (const one of moves) {
          if (typeof one === 'number') now += one
          else if (one === 'send') {
            breaker.sent(now)
            if (plain.open && now >= plain.until) plain.probing = true
          } else if (one === 'left') {
            breaker.left()
            plain.probing = false
          } else if (one === 'good') {
            breaker.succeeded(now)
            Object.assign(plain, { row: 0 }, plain.open ? { open: false, openMs: 100, probing: false } : {})
          } else {
            breaker.failed(now)
            plain.row++
            if (plain.open && plain.probing) {
              plain.openMs = Math.min(400, plain.openMs * 2)
              Object.assign(plain, { until: now + plain.openMs, probing: false })
            } else if (!plain.open && plain.row >= 3) {
              Object.assign(plain, { open: true, until: now + plain.openMs, probing: false })
            }
          }
          expect(breaker.admits(now)).toBe(!plain.open || (now >= plain.until && !plain.probing))
        }
      }),
    )
  })
})
