import { type Capability, capabilities, type Lesson, type ModelLessons } from './capability.ts'
import type { KeptLesson } from './kept-lessons.ts'
import { Leader } from './leader.ts'

export interface ProviderLessonsOptions {
  ttlMs: number
  now: () => number
  /** How many models are remembered; beyond it the one leaves that was learned of first. */
  most: number
  /** A lesson has changed in a way that is worth keeping. */
  keep: (lesson: KeptLesson) => void
  /** What was learned is not known any more; with `pinned`, neither is what somebody has pinned. */
  forget: (model: string, capability: Capability, pinned: boolean) => void
}

/** What is known of the models of one provider, at one address. */
export class ProviderLessons {
  readonly #options: ProviderLessonsOptions
  readonly #models = new Map<string, ModelLessons>()
  readonly #leader = new Leader()

  /** @param known from before, in the order in which it was learned */
  constructor(options: ProviderLessonsOptions, known: readonly KeptLesson[] = []) {
    this.#options = options
    for (const { model, capability, ...lesson } of known) this.#set(model, capability, lesson)
  }

  /** By model, in the order in which they were learned of. */
  get models(): ReadonlyMap<string, ModelLessons> {
    return this.#models
  }

  /** Nothing at all has been found out yet. */
  get blank(): boolean {
    return this.#models.size === 0
  }

  /** Who waits for whom while nothing is known: see `Leader`. */
  get leader(): Leader {
    return this.#leader
  }

  /** What is known of this very model, for those who only want to tell: nothing comes of it. */
  known(model: string, capability: Capability): boolean | undefined {
    return this.#models.get(model)?.[capability]?.can
  }

  /**
   * Whether the model can; undefined: try it. Where the model is not known, its provider is: once two of its models were
   * found unable and none able, others are taken to be so, too, for as long as a lesson counts.
   *
   * Asking is more than reading. A "no" whose time is up is answered once with "try it": that request finds out anew, and
   * for as long as it may take the others go on with the old lesson, so that nobody waits.
   */
  can(model: string, capability: Capability): boolean | undefined {
    const lesson = this.#models.get(model)?.[capability]
    if (!lesson) return this.#presumed(model, capability)
    if (lesson.can || lesson.until === undefined) return lesson.can
    const now = this.#options.now()
    if (now < lesson.until) return false
    lesson.until = now + Math.min(this.#options.ttlMs, renewalMs)
    return undefined
  }

  /**
   * What a request has shown. What was known already is only confirmed, which costs next to nothing: this is called for
   * every stream.
   */
  learn(model: string, capability: Capability, can: boolean, evidence: string): void {
    const { now, ttlMs } = this.#options
    const at = now()
    const known = this.#models.get(model)?.[capability]
    if (known && (known.can === can || known.until === undefined)) {
      // Only what changes what will be done is worth a write: a "no" that was renewed.
      if (known.until === undefined || known.until - at > ttlMs / 2) return
      known.until = at + ttlMs
      known.evidence = evidence
      if (!can) this.#options.keep({ model, capability, ...known })
      return
    }
    // Names come from clients, and a server that does not look at them answers to any.
    if (model.length > longestName) return
    this.#take(model, capability, { can, evidence, since: at, until: at + ttlMs })
  }

  /** Holds until it is dropped. */
  pin(model: string, capability: Capability, can: boolean, evidence: string): void {
    this.#take(model, capability, { can, evidence, since: this.#options.now() })
  }

  /** Takes over what is pinned elsewhere. What is pinned only here has been dropped there. */
  repin(pinned: readonly KeptLesson[]): void {
    const there = new Set(pinned.map(({ model, capability }) => `${capability} ${model}`))
    for (const [model, lessons] of this.#models) {
      for (const capability of Object.keys(lessons) as Capability[]) {
        const holds = lessons[capability]?.until !== undefined || there.has(`${capability} ${model}`)
        if (!holds) this.#remove(model, capability)
      }
    }
    for (const { model, capability, ...lesson } of pinned) this.#set(model, capability, lesson)
  }

  /** Forgets, what is pinned as well. @returns false where there was nothing to forget */
  drop(model: string, capability?: Capability): boolean {
    let found = false
    for (const one of capability ? [capability] : capabilities) {
      found = this.#remove(model, one) || found
      // Whatever is known here: another process may know more.
      this.#options.forget(model, one, true)
    }
    return found
  }

  /** What was learned has turned out to be wrong, or may be. What is pinned is not in doubt. */
  doubt(model: string, capability: Capability): void {
    if (this.#models.get(model)?.[capability]?.until === undefined) return
    this.#remove(model, capability)
    this.#options.forget(model, capability, false)
  }

  #take(model: string, capability: Capability, lesson: Lesson): void {
    this.#set(model, capability, lesson)
    this.#options.keep({ model, capability, ...lesson })
  }

  #set(model: string, capability: Capability, lesson: Lesson): void {
    const lessons = this.#models.get(model)
    if (lessons) {
      lessons[capability] = lesson
      return
    }
    this.#models.set(model, { [capability]: lesson })
    if (this.#models.size > this.#options.most) this.#forgetOne(model)
  }

  #remove(model: string, capability: Capability): boolean {
    const lessons = this.#models.get(model)
    if (!lessons?.[capability]) return false
    delete lessons[capability]
    if (Object.keys(lessons).length === 0) this.#models.delete(model)
    return true
  }

  /** What somebody has pinned stays, and so does what was learned just now. */
  #forgetOne(latest: string): void {
    for (const [model, lessons] of this.#models) {
      if (model === latest || Object.values(lessons).some(({ until }) => until === undefined)) continue
      this.#models.delete(model)
      for (const one of Object.keys(lessons) as Capability[]) this.#options.forget(model, one, false)
      return
    }
  }

  #presumed(model: string, capability: Capability): boolean | undefined {
    let unable = 0
    let looked = 0
    const now = this.#options.now()
    for (const lessons of this.#models.values()) {
      const lesson = lessons[capability]
      if (lesson?.can === true) return undefined
      // A presumption is not renewed by asking; it ends with the lessons that it rests on.
      if (lesson?.can === false && now < (lesson.until ?? now + 1)) unable++
      if (++looked === looksAt) break
    }
    if (unable < 2) return undefined
    // Its own turn comes when it has been served on a presumption for as long as a lesson counts.
    const own = Object.values(this.#models.get(model) ?? {})
    return own.some(({ since }) => now - since >= this.#options.ttlMs) ? undefined : false
  }
}

/** How long a request that finds out anew is left alone with it. */
const renewalMs = 30_000
/** In UTF-16 code units. */
const longestName = 256
/** How many models are looked at for what is true of their provider: this is asked for every unknown model. */
const looksAt = 32
