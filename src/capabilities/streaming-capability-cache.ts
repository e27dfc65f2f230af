import type { Soon, Store } from '../storage/index.ts'
import { capabilities, type LessonEntry } from './capability.ts'
import { type KeptLesson, KeptLessons } from './kept-lessons.ts'
import { ProviderLessons } from './provider-lessons.ts'

export interface StreamingCapabilityCacheOptions {
  /** How long a lesson counts before it is found out anew, in milliseconds. Default 5 min. */
  ttlMs?: number
  /** Where lessons outlast the process, and other processes find them. Default: nowhere. */
  store?: Store
  /** Milliseconds since 1970. Default: the system's. */
  now?: () => number
}

/** Whose lessons: the same name at another address is another server. */
export interface ProviderAddress {
  name: string
  baseUrl: string
}

/**
 * What each model of each provider was found to be able to do, learned from the requests themselves and renewed when it
 * grows old. Bounded: 2,000 models of a provider. What other processes have learned is read once, when a provider is first
 * asked for; what is pinned there, and dropped, is seen a few seconds later.
 *
 * @example
 * const cache = new StreamingCapabilityCache({ ttlMs: 60_000 })
 * const lessons = await cache.of({ name: 'house', baseUrl: 'http://127.0.0.1:8000/v1' })
 * lessons.learn('qwen', 'stream', false, 'status 400 names `stream`')
 * lessons.can('qwen', 'stream') // false, for a minute
 */
export class StreamingCapabilityCache {
  readonly #ttlMs: number
  readonly #now: () => number
  readonly #kept: KeptLessons | undefined
  readonly #providers = new Map<string, Known>()

  constructor({ ttlMs = 300_000, store, now = Date.now }: StreamingCapabilityCacheOptions = {}) {
    this.#ttlMs = ttlMs
    this.#now = now
    this.#kept = store && new KeptLessons(store)
  }

  /** The lessons of one provider: a promise only where they are fetched from a store that takes its time. */
  of(address: ProviderAddress): Soon<ProviderLessons> {
    const key = keyOf(address)
    const known = this.#providers.get(key)
    if (known) {
      this.#look(key, known)
      return known.lessons
    }
    const kept = this.#kept?.read(key)
    const lessons = kept instanceof Promise ? kept.then((found) => this.#open(key, found)) : this.#open(key, kept)
    const made: Known = { lessons, pinsAt: this.#now() }
    this.#providers.set(key, made)
    // In place of the promise, so that later requests do not wait a turn for what is at hand.
    if (lessons instanceof Promise) {
      void lessons.then((found) => {
        made.lessons = found
      })
    }
    return lessons
  }

  /** All that is known of these providers, row by row. */
  async list(providers: readonly ProviderAddress[]): Promise<LessonEntry[]> {
    const rows: LessonEntry[] = []
    const now = this.#now()
    for (const address of providers) {
      const { name, baseUrl } = address
      for (const [model, lessons] of (await this.of(address)).models) {
        for (const capability of capabilities) {
          const lesson = lessons[capability]
          if (!lesson) continue
          const expired = lesson.until !== undefined && lesson.until <= now
          rows.push({ provider: name, baseUrl, model, capability, ...lesson, expired })
        }
      }
    }
    return rows
  }

  /** Whether somebody has pinned something elsewhere, asked now and then. Nobody waits for the answer of a slow store. */
  #look(key: string, known: Known): void {
    const { lessons } = known
    if (!this.#kept?.shared || lessons instanceof Promise) return
    const now = this.#now()
    // A clock that was set back is no reason never to look again.
    if (Math.abs(now - known.pinsAt) < lookEveryMs) return
    known.pinsAt = now
    const pinned = this.#kept.readPinned(key)
    if (pinned instanceof Promise) void pinned.then((found) => found && lessons.repin(found))
    else if (pinned) lessons.repin(pinned)
  }

  #open(key: string, known: readonly KeptLesson[] | undefined): ProviderLessons {
    return new ProviderLessons(
      {
        ttlMs: this.#ttlMs,
        now: this.#now,
        most: mostModels,
        keep: (lesson) => this.#kept?.write(key, lesson),
        forget: (model, capability, pinned) => this.#kept?.forget(key, model, capability, pinned),
      },
      known,
    )
  }
}

interface Known {
  lessons: Soon<ProviderLessons>
  /** When it was last looked for what is pinned elsewhere, as the lessons' times are. */
  pinsAt: number
}

const mostModels = 2000
/** With 2,000 models a look takes a tenth of a millisecond. */
const lookEveryMs = 5000

function keyOf({ name, baseUrl }: ProviderAddress): string {
  return `${name} ${baseUrl}`
}
