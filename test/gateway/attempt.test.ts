import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { newProgress, type Progress, type Relay } from '../../src/gateway/delivery/relay.ts'
import { Attempt } from '../../src/gateway/upstream/attempt.ts'
import type { Transport, UpstreamHandler } from '../../src/transport/index.ts'
import { FakeClock } from '../flow/fake-clock.ts'

/** A relay that takes down what it is told; the test moves its progress. */
class TestRelay implements Relay {
  readonly progress: Progress = newProgress()
  readonly #log: string[]
  throws = false
  /** Which of its ends are broken. */
  readonly broken = new Set<'end' | 'fail'>()

  constructor(log: string[]) {
    this.#log = log
  }
  data(chunk: Uint8Array): void {
    this.#log.push(`data ${new TextDecoder().decode(chunk)}`)
    if (this.throws) throw new Error('a fault')
  }
  flush(): void {}
  end(): void {
    this.#log.push('relay end')
    if (this.broken.has('end')) throw new Error('a fault')
    this.progress.over = true
  }
  fail(error: SluiceError): void {
    this.#log.push(`relay fail ${error.code}`)
    if (this.broken.has('fail')) throw new Error('a fault')
    this.progress.over = true
    this.progress.error = error
  }
}

const timeouts = {
  idleTimeoutMs: 120_000,
  stallTimeoutMs: 300_000,
  totalTimeoutMs: 600_000,
  finishGraceMs: 2000,
  leastRate: 0,
  maxEventBytes: 100,
}

function attempting() {
  const log: string[] = []
  const clock = new FakeClock()
  let handler: UpstreamHandler | undefined
  const say = (what: string) => () => void log.push(what)
  const transport: Transport = {
    send(_, given) {
      handler = given
      return { abort: say('abort'), pause: say('pause'), resume: say('resume') }
    },
    close: async () => {},
  }
  const relay = new TestRelay(log)
  const attempt = new Attempt(transport, { method: 'POST', url: 'http://h', headers: {} }, clock, timeouts, {
    onHead: () => {},
    framings: ['sse'],
    openRelay: () => relay,
    onWhole: (bytes) => log.push(`whole ${new TextDecoder().decode(bytes)}`),
    onRefusal: (status, text) => log.push(`refusal ${status} ${text}`),
    onFailure: (error) => log.push(`failure ${error.code}`),
    onSettled: say('settled'),
  })
  const upstream = handler!
  return {
    log,
    clock,
    relay,
    attempt,
    upstream,
    head: (status = 200) => upstream.onHead({ status, headers: {} }),
    read(text: string, progress: Partial<Progress> = {}) {
      upstream.onData(new TextEncoder().encode(text))
      Object.assign(relay.progress, progress)
      upstream.onFlush()
    },
  }
}

describe('what an upstream answers', () => {
  it('one JSON text, however it comes', () => {
    const { log, head, read, upstream, clock } = attempting()
    head()
    for (const piece of [' ', '{"a"', ':1}\n']) read(piece)
    upstream.onEnd()
    upstream.onEnd()
    expect([log, clock.waiting]).toEqual([['whole {"a":1}\n', 'settled'], 0])
  })

  it.each<[string, string[], string[]]>([
    ['nothing', [], ['failure upstream_truncated', 'settled']],
    ['white space', [' \n'], ['failure upstream_truncated', 'settled']],
    ['a page', ['<html>'], ['abort', 'failure upstream_protocol', 'settled']],
    ['more JSON than is allowed', ['{', 'x'.repeat(100)], ['abort', 'failure event_too_large', 'settled']],
    ['events', ['data: 1\n\n'], ['data data: 1\n\n', 'relay end', 'settled']],
  ])('%s', (_, pieces, wanted) => {
    const { log, head, read, upstream } = attempting()
    head()
    for (const piece of pieces) read(piece)
    upstream.onEnd()
    expect(log).toEqual(wanted)
  })

  it('a refusal with its explanation, or with what came of it', () => {
    for (const broken of [false, true]) {
      const { log, head, read, upstream } = attempting()
      head(429)
      read('{"error":')
      if (broken) upstream.onError({ code: 'upstream_truncated' } as SluiceError)
      else upstream.onEnd()
      expect(log.filter((entry) => entry !== 'abort')).toEqual(['refusal 429 {"error":', 'settled'])
    }
  })

  it('a redirect is a refusal, whatever page comes with it', () => {
    const { log, head, read, upstream } = attempting()
    head(302)
    read('<html>')
    upstream.onEnd()
    expect(log.filter((entry) => entry !== 'abort')).toEqual(['refusal 302 <html>', 'settled'])
  })

  it('a refusal of which more comes than an explanation needs is not read to its end', () => {
    const { log, head, read } = attempting()
    head(400)
    for (let i = 0; i < 300 && !log.includes('settled'); i++) read('x'.repeat(1024))
    expect(log.map((entry) => entry.slice(0, 11))).toEqual(['abort', 'refusal 400', 'settled'])
    expect(log[1]!.length).toBeLessThanOrEqual(257 * 1024)
  })

  it.each([
    ['behind its finish reason, which is its end', true, 'relay end'],
    ['in the middle, which is a failure', false, 'relay fail upstream_truncated'],
  ])('a stream that breaks off %s', (_, finished, told) => {
    const { log, head, read, upstream } = attempting()
    head()
    read('x', { committed: true, deltas: 1, finished })
    upstream.onError(new SluiceError('upstream_truncated', 'broke off'))
    expect(log.filter((entry) => entry !== 'abort')).toEqual(['data x', told, 'settled'])
  })

  it('a refusal that never ends is not waited for', () => {
    const { log, clock, head, read } = attempting()
    head(503)
    read('busy')
    clock.pass(60_000)
    expect(log).toEqual(['abort', 'refusal 503 busy', 'settled'])
  })

  it('a fault of our own inside a read breaks this answer, and nothing else', () => {
    const { log, head, read, relay } = attempting()
    head()
    read('a')
    relay.throws = true
    expect(() => read('b')).not.toThrow()
    expect(log).toEqual(['data a', 'data b', 'abort', 'relay fail internal', 'settled'])
  })
})

describe('a fault of our own where nobody could catch it', () => {
  it('in a timer: the answer fails, and the process does not', () => {
    const { log, clock, head, read, relay } = attempting()
    head()
    read('x', { committed: true, deltas: 1, finished: true })
    relay.broken.add('end')
    expect(() => clock.pass(2000)).not.toThrow()
    expect([log, clock.waiting]).toEqual([['data x', 'relay end', 'abort', 'relay fail internal', 'settled'], 0])
  })

  it('in the telling of an error: that fault is told instead', () => {
    const { log, clock, head, read, relay } = attempting()
    head()
    read('x', { committed: true, deltas: 1 })
    relay.broken.add('fail')
    expect(() => clock.pass(120_000)).not.toThrow()
    const told = ['data x', 'abort', 'relay fail idle_timeout', 'failure internal', 'settled']
    expect([log, clock.waiting]).toEqual([told, 0])
  })

  it('in the sending: no timer is left running', () => {
    const log: string[] = []
    const clock = new FakeClock()
    const say = (what: string) => () => void log.push(what)
    const transport: Transport = {
      send() {
        throw new Error('a fault')
      },
      close: async () => {},
    }
    new Attempt(transport, { method: 'POST', url: 'http://h', headers: {} }, clock, timeouts, {
      onHead: say('head'),
      framings: ['sse'],
      openRelay: () => new TestRelay(log),
      onWhole: say('whole'),
      onRefusal: say('refusal'),
      onFailure: (error) => log.push(`failure ${error.code}`),
      onSettled: say('settled'),
    })
    expect([log, clock.waiting]).toEqual([['failure internal', 'settled'], 0])
  })
})

describe('how long an upstream may take', () => {
  const committed = { committed: true, deltas: 1 }

  it.each<[string, (house: ReturnType<typeof attempting>) => void, number, string[]]>([
    ['for a head', () => {}, 600_000, ['abort', 'failure total_timeout', 'settled']],
    ['for a body', ({ head }) => head(), 600_000, ['abort', 'failure total_timeout', 'settled']],
    [
      'for content, while it gives signs of life',
      ({ head, read }) => {
        head()
        read(': ping\n\n')
      },
      600_000,
      ['data : ping\n\n', 'abort', 'relay fail total_timeout', 'settled'],
    ],
    [
      'in the middle, in silence',
      ({ head, read }) => {
        head()
        read('x', committed)
      },
      120_000,
      ['data x', 'abort', 'relay fail idle_timeout', 'settled'],
    ],
    [
      'for the end marker, quietly',
      ({ head, read }) => {
        head()
        read('x', { ...committed, finished: true })
      },
      2000,
      ['data x', 'relay end', 'abort', 'settled'],
    ],
    [
      'to hang up behind its end marker',
      ({ head, read }) => {
        head()
        read('x', { ...committed, finished: true, over: true })
      },
      1000,
      ['data x', 'resume', 'abort', 'settled'],
    ],
  ])('%s', (_, steps, ms, wanted) => {
    const house = attempting()
    steps(house)
    const before = [...house.log]
    house.clock.pass(ms - 1)
    expect(house.log).toEqual(before)
    house.clock.pass(1)
    expect(house.log).toEqual(wanted)
    house.clock.pass(1e7)
    expect([house.log, house.clock.waiting]).toEqual([wanted, 0])
  })

  it('pings keep the line but do not make an answer', () => {
    const { log, clock, head, read } = attempting()
    head()
    read('x', committed)
    for (let i = 0; i < 4; i++) {
      clock.pass(70_000)
      read('p')
    }
    clock.pass(20_000)
    expect(log.slice(-3)).toEqual(['abort', 'relay fail stall_timeout', 'settled'])
  })

  it('pings do not stretch the grace behind the finish, content does', () => {
    const { log, clock, head, read } = attempting()
    head()
    read('x', { ...committed, finished: true })
    clock.pass(1500)
    read('y', { deltas: 2 })
    clock.pass(1500)
    read('p')
    expect(log).not.toContain('relay end')
    clock.pass(500)
    expect(log.slice(-3)).toEqual(['relay end', 'abort', 'settled'])
  })

  it('silence that our own pause has caused is nobody’s fault', () => {
    const { log, clock, attempt, head, read } = attempting()
    head()
    read('x', { ...committed, finished: true })
    attempt.pause()
    clock.pass(500_000)
    expect(log).toEqual(['data x', 'pause'])
    attempt.resume()
    clock.pass(1999)
    expect(log).toEqual(['data x', 'pause', 'resume'])
    clock.pass(1)
    expect(log.slice(3)).toEqual(['relay end', 'abort', 'settled'])
  })

  it('a pause that was shorter than all patience uses up none of it', () => {
    const { log, clock, attempt, head, read } = attempting()
    head()
    read('x', committed)
    attempt.pause()
    clock.pass(290_000)
    attempt.resume()
    for (let i = 0; i < 3; i++) {
      clock.pass(90_000)
      read('p')
    }
    expect(log).not.toContain('relay fail stall_timeout')
    clock.pass(30_000)
    expect(log).toContain('relay fail stall_timeout')
  })

  it('once it is over nothing is told any more', () => {
    const { log, clock, attempt, upstream, head, read } = attempting()
    attempt.abort()
    attempt.abort()
    head(429)
    expect(clock.waiting).toBe(0)
    read('data: 1\n\n')
    upstream.onEnd()
    upstream.onError({ code: 'upstream_truncated' } as SluiceError)
    clock.pass(1e7)
    expect(log).toEqual(['abort', 'settled'])
  })
})
