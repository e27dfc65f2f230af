import type { Collection, Soon, Store } from '../storage/index.ts'
import { type Capability, capabilities, type Lesson } from './capability.ts'

/** A lesson, and what it is about. */
export interface KeptLesson extends Lesson {
  model: string
  capability: Capability
}

/**
 * Lessons in a store that several processes may share: one entry for each, so that learning one thing costs the same
 * however much is known, and nobody writes what somebody else has learned. What is pinned has a place of its own, where
 * no learning writes: it neither grows old nor makes room for others.
 */
export class KeptLessons {
  readonly #store: Store
  readonly #learned: Collection
  readonly #pinned: Collection

  constructor(store: Store) {
    this.#store = store
    const bytes = 16 * 1024 * 1024
    this.#learned = store.collection('lessons', { keepMs: learnedMs, entries: 50_000, bytes })
    this.#pinned = store.collection('pinned-lessons', { keepMs: foreverMs, entries: 50_000, bytes })
  }

  /** Somebody else may write here, too. */
  get shared(): boolean {
    return this.#store.lasts
  }

  /** All that is kept of a provider, what was learned first coming first; of two that speak of one thing, the pinned one. */
  read(provider: string): Soon<KeptLesson[]> {
    const learned = this.#learned.list(prefixOf(provider))
    const pinned = this.readPinned(provider)
    if (!(learned instanceof Promise) && !(pinned instanceof Promise)) return merged(readAll(provider, learned), pinned)
    return Promise.all([learned, pinned]).then(([entries, pins]) => merged(readAll(provider, entries), pins))
  }

  /** What is pinned of a provider; undefined where the store cannot say it at present. */
  readPinned(provider: string): Soon<KeptLesson[] | undefined> {
    const entries = this.#pinned.list(prefixOf(provider))
    const read = (found: ReadonlyMap<string, string> | undefined) =>
      found && readAll(provider, found).map(({ until: _, ...lesson }) => lesson)
    return entries instanceof Promise ? entries.then(read) : read(entries)
  }

  write(provider: string, { model, capability, ...lesson }: KeptLesson): void {
    const place = lesson.until === undefined ? this.#pinned : this.#learned
    place.set(keyOf(provider, model, capability), JSON.stringify(lesson))
  }

  /** Forgets what was learned; what is pinned only where that is said, as it is somebody's word. */
  forget(provider: string, model: string, capability: Capability, pinned: boolean): void {
    const key = keyOf(provider, model, capability)
    this.#learned.delete(key)
    if (pinned) this.#pinned.delete(key)
  }
}

/** Far longer than a lesson counts: an old one is still better than none. */
const learnedMs = 30 * 24 * 3_600_000
/** A century. */
const foreverMs = 100 * 365 * 24 * 3_600_000

/** Neither the name of a provider nor its address has a line break; the name of a model, which a client writes, may. */
function prefixOf(provider: string): string {
  return `${provider}\n`
}

function keyOf(provider: string, model: string, capability: Capability): string {
  return `${prefixOf(provider)}${model}\n${capability}`
}

function merged(learned: KeptLesson[], pinned: KeptLesson[] = []): KeptLesson[] {
  return [...learned.sort((a, b) => a.since - b.since), ...pinned]
}

/** What another version, or another program, has left behind is read as far as it makes sense. */
function readAll(provider: string, entries: ReadonlyMap<string, string> = new Map()): KeptLesson[] {
  const { length } = prefixOf(provider)
  const lessons: KeptLesson[] = []
  for (const [key, text] of entries) {
    const end = key.lastIndexOf('\n')
    const capability = capabilities.find((one) => one === key.slice(end + 1))
    const lesson = capability && readLesson(text)
    if (lesson && end > length) lessons.push({ ...lesson, model: key.slice(length, end), capability })
  }
  return lessons
}

function readLesson(text: string): Lesson | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof json !== 'object' || json === null) return undefined
  const { can, evidence, since, until } = json as Partial<Record<keyof Lesson, unknown>>
  if (typeof can !== 'boolean' || typeof since !== 'number') return undefined
  return {
    can,
    evidence: typeof evidence === 'string' ? evidence : '',
    since,
    ...(typeof until === 'number' && { until }),
  }
}
