import type { Json, JsonObject } from '../../tokens/index.ts'

/**
 * The fields beside the answer itself, of chunks or of choices: servers repeat them on every one, and they are told when
 * they change.
 *
 * Nearly every object has the keys of the one before it, in the same order and with the same values, and that is seen
 * without a list of them or a search: 4 % of what a parsed delta costs, instead of 9 %.
 */
export class ToldFacts {
  readonly #known: ReadonlySet<string>
  /** The latest value of each fact; an object or a list as its JSON text. */
  readonly #told = new Map<string, Json | { text: string } | undefined>()
  /** Of the latest object: its keys, and what each was told with; `silent` for a key that tells nothing. */
  #keys: string[] = []
  #values: unknown[] = []

  /** `known`: keys that are told in other ways, or mean nothing. */
  constructor(known: ReadonlySet<string>) {
    this.#known = known
  }

  /** The fields of `object` that are not known and were not told with the same value before. */
  news(object: JsonObject): JsonObject | undefined {
    const keys = this.#keys
    const values = this.#values
    let at = 0
    for (const key in object) {
      if (key !== keys[at]) return this.#compare(object)
      const value = values[at]
      if (value !== silent && value !== object[key]) return this.#compare(object)
      at++
    }
    return undefined
  }

  #compare(object: JsonObject): JsonObject | undefined {
    let fields: JsonObject | undefined
    this.#keys = Object.keys(object)
    this.#values = this.#keys.map((key) => {
      if (this.#known.has(key)) return silent
      const value = object[key]
      if (!this.#isNew(key, value)) return value
      fields ??= {}
      fields[key] = value
      return value
    })
    return fields
  }

  #isNew(key: string, value: Json | undefined): boolean {
    if (value === null || value === undefined) return false
    const before = this.#told.get(key)
    if (typeof value !== 'object') {
      this.#told.set(key, value)
      return before !== value
    }
    const text = JSON.stringify(value)
    if (text === '{}' || (isText(before) && before.text === text)) return false
    this.#told.set(key, { text })
    return true
  }
}

const silent = Symbol('silent')

function isText(value: unknown): value is { text: string } {
  return typeof value === 'object' && value !== null
}
