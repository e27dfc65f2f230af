import type { SluiceError } from '../errors/index.ts'
import type { Provider } from '../providers/index.ts'
import type { Health } from './health.ts'
import { type Judgement, judge } from './judgement.ts'
import type { Settle, TargetHealth } from './target-health.ts'

export interface RotationTarget {
  provider: Provider
  /** The model's name at the provider. */
  model: string
}

export interface LegOptions<T extends RotationTarget> {
  target: T
  key: string | undefined
  /** How long to wait before it. */
  waitMs: number
  /** Which of the targets of its request it is. */
  place: number
  health: Health
  /** Milliseconds. */
  now: () => number
}

/**
 * One attempt at one target with one key. What becomes of it is told once, and counts for the health of both. Several legs
 * of one request may be under way at the same time.
 */
export class Leg<T extends RotationTarget> {
  readonly target: T
  readonly key: string | undefined
  readonly waitMs: number
  readonly place: number
  readonly #options: LegOptions<T>
  #target: TargetHealth | undefined
  #settle: Settle | undefined
  #sentAt = 0

  constructor(options: LegOptions<T>) {
    this.target = options.target
    this.key = options.key
    this.waitMs = options.waitMs
    this.place = options.place
    this.#options = options
  }

  /** Its request has left, and nobody has said what became of it. */
  get isUnderWay(): boolean {
    return this.#settle !== undefined
  }

  /** Its request leaves; once more, where the target refused the way it was asked. */
  begin(): void {
    const { health, now } = this.#options
    this.#sentAt = now()
    this.#target = health.target(this.target.provider, this.target.model)
    // Asked in another way it is still one attempt, which is settled once.
    this.#settle ??= this.#target.begin(this.#sentAt)
  }

  /** The first content has come. */
  answered(): void {
    const { health, now } = this.#options
    if (!this.#settle) return
    this.#target?.answered(now() - this.#sentAt)
    if (this.key !== undefined) health.keys(this.target.provider).worked(this.key, this.target.model, this.#sentAt)
  }

  /** Another one was quicker. How long this one would have taken is not known, but that it takes so long at least. */
  outrun(): void {
    const taken = this.#options.now() - this.#sentAt
    if (this.#settle && taken > (this.#target?.firstMs ?? 0)) this.#target?.answered(taken)
    this.#over('left')
  }

  /**
   * It failed before anything of its answer reached the client.
   *
   * @param counts the same request has not failed there before
   */
  failed(error: SluiceError, { blame, cools, counts }: Pick<Judgement, 'blame' | 'cools'> & { counts: boolean }): void {
    const { health, now } = this.#options
    this.#over(blame === 'target' && counts ? 'bad' : 'left', error.code)
    if (this.key === undefined) return
    const pool = health.keys(this.target.provider)
    if (blame === 'key' && error.upstream?.status === 403) pool.benchFor(this.key, this.target.model, now())
    else if (blame === 'key') pool.bench(this.key, now(), error.code)
    else if (cools) pool.cool(this.key, now(), error.retryAfterMs, error.code)
  }

  /** The answer is over: well, or with an error after its first content. */
  end(error?: SluiceError): void {
    if (!error) this.#over('good')
    else this.#over(judge(error, true).blame === 'target' ? 'bad' : 'left', error.code)
  }

  /** Nobody wants its answer any more, and nothing can be said of it. */
  leave(): void {
    this.#over('left')
  }

  #over(outcome: 'good' | 'bad' | 'left', code?: string): void {
    this.#settle?.(outcome, this.#options.now(), code)
    this.#settle = undefined
  }
}
