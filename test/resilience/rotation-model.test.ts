import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ErrorCode, SluiceError } from '../../src/errors/index.ts'
import { defineProvider, type Provider } from '../../src/providers/index.ts'
import { Health, Rotation } from '../../src/resilience/index.ts'

/**
 * The rules of `docs/lifecycle.md` ("When it fails"), written out once more and as plainly as they go: lists that are
 * looked through from the start, no state but facts, and nothing that is shared with what it is held against.
 */

const breaker = { failures: 3, share: 2, least: 1e9, openMs: 15_000, mostOpenMs: 300_000 }

/** Of the failures that are played: whom they count against, and what they allow. */
const facts: Record<string, { blames?: 'key' | 'target'; cools?: true; passes?: true; final?: true }> = {
  upstream_auth: { blames: 'key' },
  upstream_billing: { blames: 'key' },
  upstream_rate_limit: { cools: true, passes: true },
  upstream_server: { blames: 'target', passes: true },
  upstream_unreachable: { blames: 'target', passes: true },
  first_token_timeout: { blames: 'target' },
  upstream_truncated: { blames: 'target' },
  upstream_invalid_request: {},
  upstream_not_found: {},
  fallback_failed: { blames: 'target', final: true },
  client_closed: { final: true },
}
const codes = Object.keys(facts) as ErrorCode[]

interface PlainKey {
  name: string
  restsUntil: number
  cooledInRow: number
  usedAt: number
}

interface PlainTarget {
  name: string
  keys: PlainKey[]
  failuresInRow: number
  openUntil: number | undefined
  openFor: number
  probing: boolean
}

interface PlainRequest {
  order: PlainTarget[]
  asked: Set<PlainTarget>
  again: Map<PlainTarget, number | undefined>
  repeats: Map<PlainTarget, number>
  badKeys: Map<PlainTarget, Set<PlainKey>>
  /** Those that have it counted against them that they failed this request. */
  blamed: Set<PlainTarget>
  current: PlainTarget
  key: PlainKey | undefined
}

class PlainWorld {
  readonly targets: PlainTarget[]
  now = 0
  #uses = 0

  constructor(keysOf: readonly number[]) {
    this.targets = keysOf.map((count, t) => ({
      name: `t${t}`,
      keys: Array.from({ length: count }, (_, k) => ({
        name: `t${t}-k${k}`,
        restsUntil: 0,
        cooledInRow: 0,
        usedAt: 0,
      })),
      failuresInRow: 0,
      openUntil: undefined,
      openFor: breaker.openMs,
      probing: false,
    }))
  }

  admits(target: PlainTarget): boolean {
    return target.openUntil === undefined || (this.now >= target.openUntil && !target.probing)
  }

  isUsable(target: PlainTarget): boolean {
    const anyKey = target.keys.length === 0 || target.keys.some((key) => key.restsUntil <= this.now)
    return this.admits(target) && anyKey
  }

  begin(): PlainRequest {
    const good = this.targets.filter((target) => this.isUsable(target))
    const bad = this.targets.filter((target) => !this.isUsable(target))
    const order = this.targets.length === 1 ? this.targets : [...good, ...bad]
    const request: PlainRequest = {
      order,
      asked: new Set(),
      again: new Map(),
      repeats: new Map(),
      badKeys: new Map(),
      blamed: new Set(),
      current: order[0]!,
      key: undefined,
    }
    this.choose(request, order[0]!)
    return request
  }

  /** The key: one that has not failed this request, ready, and longest unused; else the one that is ready first. */
  choose(request: PlainRequest, target: PlainTarget): void {
    const bad = request.badKeys.get(target) ?? new Set()
    const untried = target.keys.filter((key) => !bad.has(key))
    const left = untried.length > 0 ? untried : target.keys
    const ready = left.filter((key) => key.restsUntil <= this.now)
    const sorted =
      ready.length > 0
        ? ready.toSorted((a, b) => a.usedAt - b.usedAt)
        : left.toSorted((a, b) => a.restsUntil - b.restsUntil)
    const [key] = sorted
    if (key) key.usedAt = ++this.#uses
    request.current = target
    request.key = key
  }

  sent({ current }: PlainRequest): void {
    if (current.openUntil !== undefined && this.now >= current.openUntil) current.probing = true
  }

  bad(target: PlainTarget): void {
    target.failuresInRow++
    if (target.openUntil !== undefined) {
      if (!target.probing) return
      target.openFor = Math.min(target.openFor * 2, breaker.mostOpenMs)
    } else if (target.failuresInRow < breaker.failures) return
    target.openUntil = this.now + target.openFor
    target.probing = false
  }

  good({ current, key }: PlainRequest): void {
    Object.assign(current, { failuresInRow: 0, openUntil: undefined, probing: false, openFor: breaker.openMs })
    if (key) Object.assign(key, { cooledInRow: 0, restsUntil: 0 })
  }

  rest(key: PlainKey, ms: number): void {
    key.restsUntil = Math.max(key.restsUntil, this.now + ms)
  }

  /** @returns how long to wait, and whom to ask stands in the request; undefined: nobody is left */
  failed(
    request: PlainRequest,
    code: ErrorCode,
    { wantsMs, begun, sent }: { wantsMs: number | undefined; begun: boolean; sent: boolean },
    retries: number,
  ): number | undefined {
    const { current, key } = request
    const { blames, cools, passes, final } = facts[code]!
    request.asked.add(current)
    if (sent) {
      if (blames === 'target' && !request.blamed.has(current)) this.bad(current)
      else current.probing = false
      if (blames === 'target') request.blamed.add(current)
    }
    if (key) {
      request.badKeys.set(current, new Set([...(request.badKeys.get(current) ?? []), key]))
      if (blames === 'key') this.rest(key, 600_000)
      if (cools) {
        this.rest(key, wantsMs ?? Math.min(120_000, 5000 * 2 ** key.cooledInRow))
        key.cooledInRow++
      }
      const others = current.keys.filter((one) => !request.badKeys.get(current)!.has(one) && one.restsUntil <= this.now)
      if ((blames === 'key' || cools) && others.length > 0) {
        this.choose(request, current)
        return 0
      }
    }
    if (final) return undefined
    request.again.delete(current)
    const patient = (wantsMs ?? 0) <= 10_000
    if (passes && !begun && patient && (request.repeats.get(current) ?? 0) < retries)
      request.again.set(current, wantsMs)
    const fresh = request.order.find((one) => !request.asked.has(one))
    if (fresh) {
      this.choose(request, fresh)
      return 0
    }
    const once = request.order.find((one) => request.again.has(one) && this.admits(one))
    if (!once) return undefined
    const repeats = (request.repeats.get(once) ?? 0) + 1
    const wait = Math.max(Math.min(8000, 500 * 2 ** (repeats - 1)) / 2, request.again.get(once) ?? 0)
    request.repeats.set(once, repeats)
    request.again.delete(once)
    request.badKeys.delete(once)
    this.choose(request, once)
    return wait
  }
}

/** What happens to one attempt. */
const attempt = fc.record({
  outcome: fc.constantFrom<ErrorCode | 'good'>('good', ...codes, ...codes),
  wantsMs: fc.option(fc.constantFrom(200, 3000, 20_000), { nil: undefined }),
  begun: fc.boolean(),
  sent: fc.boolean(),
  takesMs: fc.integer({ min: 0, max: 30_000 }),
})

it('breakers, keys and targets of many requests together do what a plain reading of the rules does', () => {
  const world = fc.record({
    keysOf: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
    retries: fc.integer({ min: 0, max: 2 }),
    requests: fc.array(fc.record({ afterMs: fc.nat(20_000), attempts: fc.array(attempt, { maxLength: 12 }) }), {
      maxLength: 12,
    }),
  })
  fc.assert(
    fc.property(world, ({ keysOf, retries, requests }) => {
      const plain = new PlainWorld(keysOf)
      const health = new Health(breaker)
      const targets = keysOf.map((_, t) => ({ provider: providerOf(plain.targets[t]!), model: 'm' }))
      for (const { afterMs, attempts } of requests) {
        plain.now += afterMs
        const rotation = new Rotation({ targets, retries, health, now: () => plain.now, random: () => 0 })
        const request = plain.begin()
        let step: ReturnType<typeof rotation.next> = rotation.first()
        let wait: number | undefined = 0
        for (const { outcome, wantsMs, begun, sent, takesMs } of attempts) {
          const chosen = step && { target: step.target.provider.name, key: step.key, waitMs: step.waitMs }
          const right = wait !== undefined && { target: request.current.name, key: request.key?.name, waitMs: wait }
          expect(chosen ?? false).toEqual(right)
          if (!step || wait === undefined) break
          plain.now += wait
          if (sent) {
            step.begin()
            plain.sent(request)
          }
          plain.now += takesMs
          if (outcome === 'good') {
            step.answered()
            step.end()
            if (sent) plain.good(request)
            step = undefined
            wait = undefined
            break
          }
          const more = wantsMs === undefined ? {} : { retryAfterMs: wantsMs }
          step = rotation.next(step, new SluiceError(outcome, 'no', more), begun)
          wait = plain.failed(request, outcome, { wantsMs, begun, sent }, retries)
        }
        // Whoever is still asked is left, as by a client that goes.
        step?.end(new SluiceError('client_closed', 'gone'))
        for (const target of targets) {
          const admits = health.known(target.provider, 'm')?.admits(plain.now) ?? true
          expect(admits).toBe(plain.admits(plain.targets[targets.indexOf(target)]!))
        }
      }
      expect(health.states(plain.now).every(({ running }) => running === 0)).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

function providerOf({ name, keys }: PlainTarget): Provider {
  return defineProvider({
    name,
    dialect: 'openai-chat',
    base_url: 'http://127.0.0.1:9/v1',
    ...(keys.length > 0 && { api_keys: keys.map((key) => key.name) }),
  })
}
