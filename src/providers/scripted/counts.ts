import type { ScriptedRequest } from './log.ts'

/** Which requests for answers are counted; what is left out may be anything. */
export interface RequestFilter {
  model?: string
  /** The request asked for a stream, by its field or its path. */
  stream?: boolean
  /** It was answered with an error, or with an answer. A request that has no head yet is neither. */
  refused?: boolean
}

interface Row {
  model: string
  stream: boolean
  came: number
  answered: number
  refused: number
}

/** Any client may make up names of models; those that were seen first are forgotten. */
const rowLimit = 4000

/** How many requests for answers came, and what became of them. Unlike the log it forgets none. */
export class RequestCounts {
  readonly #rows = new Map<string, Row>()

  came({ model, stream }: ScriptedRequest): void {
    const key = `${stream} ${model}`
    const row = this.#rows.get(key)
    if (row) row.came++
    else {
      this.#rows.set(key, { model, stream, came: 1, answered: 0, refused: 0 })
      if (this.#rows.size > rowLimit) this.#rows.delete(this.#rows.keys().next().value as string)
    }
  }

  answered({ model, stream, refused }: ScriptedRequest): void {
    const row = this.#rows.get(`${stream} ${model}`)
    if (row) row[refused ? 'refused' : 'answered']++
  }

  count({ model, stream, refused }: RequestFilter): number {
    let sum = 0
    for (const row of this.#rows.values()) {
      if (model !== undefined && row.model !== model) continue
      if (stream !== undefined && row.stream !== stream) continue
      sum += refused === undefined ? row.came : refused ? row.refused : row.answered
    }
    return sum
  }

  clear(): void {
    this.#rows.clear()
  }
}
