import type { DialectName } from '../streams.ts'
import { streamOf } from '../streams.ts'

/** What goes wrong at the provider, and when: `before` the client has seen content, or in the `midst` of it. */
export const faults = {
  none: 'never',
  /** The body ends as if all were well, without finish or end marker. */
  truncated: 'midst',
  /** The connection is reset. */
  cut: 'midst',
  /** Nothing more comes, and the connection stays. */
  stalled: 'midst',
  /** Only pings and comments come. */
  'pings only': 'midst',
  'error event': 'midst',
  /** An event that is no JSON. */
  garbage: 'midst',
  /** An HTTP chunk whose size is none. */
  'torn chunk': 'midst',
  'rate limit': 'before',
  overloaded: 'before',
  /** A refusal whose explanation never ends. */
  'endless refusal': 'before',
  /** A status 200 with the page of some proxy. */
  'web page': 'before',
  'error at once': 'before',
  'no answer': 'before',
  /** The head, and then nothing. */
  'head only': 'before',
  'not HTTP': 'before',
  /** All is said, and the body does not end. */
  'open end': 'never',
} as const satisfies Record<string, 'never' | 'before' | 'midst'>

export type Fault = keyof typeof faults

/** What the provider is to play, said by the model's name, the one field that every road hands on. */
export interface Plan {
  /** No two streams say the same, so that a token which strays into another stream is found. */
  seed: number
  tokens: number
  /** Tokens in one write. */
  burst: number
  /** Between two writes, in milliseconds; 0: as fast as it is taken. */
  everyMs: number
  fault: Fault
  /** Tokens before the fault. */
  after: number
}

export function planName({ seed, tokens, burst, everyMs, fault, after }: Plan): string {
  return `soak-${seed}-${tokens}-${burst}-${everyMs}-${Object.keys(faults).indexOf(fault)}-${after}`
}

/** @throws Error for any other name */
export function readPlan(name: string): Plan {
  const found = /^soak-(\d+)-(\d+)-(\d+)-(\d+)-(\d+)-(\d+)$/.exec(name)
  const [seed, tokens, burst, everyMs, fault, after] = (found ?? []).slice(1).map(Number)
  const kind = (Object.keys(faults) as Fault[])[fault ?? -1]
  if (kind === undefined) throw new Error(`cannot play "${name}": it is no plan`)
  return { seed: seed!, tokens: tokens!, burst: burst!, everyMs: everyMs!, fault: kind, after: after! }
}

const words = [
  ' the',
  ' stream',
  ' of',
  ' "tokens"',
  ' goes\n',
  ' größer',
  '流れ',
  ' поток',
  '😀',
  ' \\u00e9',
  ' on',
  ',',
]

/** The text of one delta. */
export function wordOf(seed: number, at: number): string {
  return at % 4 === 3 ? ` ${seed}:${at}` : words[(at * 5 + seed) % words.length]!
}

/** All that the plan has to say. */
export function textOf({ seed, tokens }: Plan): string {
  return Array.from({ length: tokens }, (_, at) => wordOf(seed, at)).join('')
}

/** Events of a dialect as wire text. */
export interface Wire {
  head: string
  delta(text: string): string
  tail: string
}

export function wireOf(dialect: DialectName, model: string): Wire {
  const { head, deltas, tail, text } = streamOf(dialect, 1, 'ascii', model)
  const [before, behind] = deltas[0]!.split(JSON.stringify(text))
  return { head: head.join(''), delta: (word) => before + JSON.stringify(word) + behind, tail: tail.join('') }
}

/** Compares what comes with what was sent, piece by piece, in constant memory. */
export class Expected {
  readonly #plan: Plan
  #at = 0
  #text = ''
  #taken = 0

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** False: this is not what the provider said next. */
  take(text: string): boolean {
    while (this.#text.length < text.length && this.#at < this.#plan.tokens) {
      this.#text += wordOf(this.#plan.seed, this.#at++)
    }
    if (!this.#text.startsWith(text)) return false
    this.#text = this.#text.slice(text.length)
    this.#taken += text.length
    return true
  }

  get complete(): boolean {
    return this.#at === this.#plan.tokens && this.#text === ''
  }

  /** In characters. */
  get taken(): number {
    return this.#taken
  }
}
