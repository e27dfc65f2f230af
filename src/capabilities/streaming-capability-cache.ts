import type { Collection, Soon, Store } from '../storage/index.ts'
import { type Capability, capabilities, type Lesson, type LessonEntry, type ModelLessons } from './capability.ts'
import { ProviderLessons } from './provider-lessons.ts'

export interface StreamingCapabilityCacheOptions {
  /** How long a lesson counts before it is found out anew, in milliseconds. Default 5 min. */
  ttlMs?: number
  /** Where lessons outlast the process. Default: nowhere. */
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
 * grows old. Bounded: 2,000 models of a provider.
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
  readonly #kept: Collection | undefined
  readonly #providers = new Map<string, Soon<ProviderLessons>>()

  constructor({ ttlMs = 300_000, store, now = Date.now }: StreamingCapabilityCacheOptions = {}) {
    this.#ttlMs = ttlMs
    this.#now = now
    this.#kept = store?.collection('capabilities', { keepMs: keptMs, entries: 1000, bytes: 16 * 1024 * 1024 })
  }

  /** The lessons of one provider: a promise only where they are fetched from a store that takes its time. */
  of({ name, baseUrl }: ProviderAddress): Soon<ProviderLessons> {
    const key = `${name} ${baseUrl}`
    const known = this.#providers.get(key)
    if (known) return known
    const text = this.#kept?.get(key)
    const lessons = text instanceof Promise ? text.then((found) => this.#open(key, found)) : this.#open(key, text)
    this.#providers.set(key, lessons)
    return lessons
  }

  /** All that is known of these providers, row by row. */
  async list(providers: readonly ProviderAddress[]): Promise<LessonEntry[]> {
    const rows: LessonEntry[] = []
    const now = this.#now()
    for (const { name, baseUrl } of providers) {
      for (const [model, lessons] of (await this.of({ name, baseUrl })).models) {
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

  #open(key: string, text: string | undefined): ProviderLessons {
    const options = { ttlMs: this.#ttlMs, now: this.#now, most: mostModels, onChange: () => this.#keep(key, lessons) }
    const lessons: ProviderLessons = new ProviderLessons(options, text === undefined ? undefined : readKept(text))
    // In place of the promise, so that later requests do not wait a turn for what is at hand.
    this.#providers.set(key, lessons)
    return lessons
  }

  #keep(key: string, lessons: ProviderLessons): void {
    this.#kept?.set(key, JSON.stringify(Object.fromEntries(lessons.models)))
  }
}

const mostModels = 2000
/** Far longer than a lesson counts: an old one is still better than none. */
const keptMs = 30 * 24 * 3_600_000

/** What another version, or another program, has left behind is read as far as it makes sense. */
function readKept(text: string): Map<string, ModelLessons> {
  const models = new Map<string, ModelLessons>()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return models
  }
  if (typeof json !== 'object' || json === null) return models
  for (const [model, written] of Object.entries(json)) {
    if (typeof written !== 'object' || written === null) continue
    const lessons: ModelLessons = {}
    for (const capability of capabilities) {
      const lesson = readLesson((written as Record<Capability, unknown>)[capability])
      if (lesson) lessons[capability] = lesson
    }
    if (Object.keys(lessons).length > 0) models.set(model, lessons)
  }
  return models
}

function readLesson(written: unknown): Lesson | undefined {
  if (typeof written !== 'object' || written === null) return undefined
  const { can, evidence, since, until } = written as Partial<Record<keyof Lesson, unknown>>
  if (typeof can !== 'boolean' || typeof since !== 'number') return undefined
  return {
    can,
    evidence: typeof evidence === 'string' ? evidence : '',
    since,
    ...(typeof until === 'number' && { until }),
  }
}
