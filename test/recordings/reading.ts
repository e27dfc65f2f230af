import type { FinishReason } from '../../src/tokens/index.ts'

/** What an answer says, in words that are the same whoever reads it, and in whatever language. */
export interface Reading {
  text: string
  refusal: string
  reasoning: string
  /** Calls that the client is to answer, in order, with their arguments as values; free text as it is. */
  calls: Array<{ name: string; arguments: unknown }>
  /** What ran at the provider, and whatever else only its own language knows: by kind, in order. */
  hosted: string[]
  /** What is to be seen or heard, in order. */
  media: Array<'image' | 'audio'>
  /** Addresses or titles of sources, each once, sorted. */
  sources: string[]
  finish: FinishReason
  usage: Counts | undefined
}

/** The whole prompt and the whole answer; the parts of both are left out when they are nothing or unknown. */
export interface Counts {
  input?: number
  output?: number
  cacheRead?: number
  cacheWrite?: number
  reasoning?: number
}

/** `fails`: who reads it gets an error, or never learns that the answer is over. */
export type Outcome = Reading | 'fails'

export type Form = 'streamed' | 'whole'

/** Where an SDK finds what it is to read. */
export interface Place {
  /** An address without a version in its path. */
  url: string
  model: string
  form: Form
  /**
   * Nothing may be wrong with it for the SDK's own assembler. Vendors send what that refuses: then its events count,
   * read one by one.
   */
  strict: boolean
}

/** A reading while it comes together. */
export function emptyReading(): Reading {
  return {
    text: '',
    refusal: '',
    reasoning: '',
    calls: [],
    hosted: [],
    media: [],
    sources: [],
    finish: 'unknown',
    usage: undefined,
  }
}

type Count = number | null | undefined
export type GivenCounts = { [Name in keyof Counts]: Count }

export function counts({ input, output, ...parts }: GivenCounts): Counts {
  const found: Counts = {}
  if (typeof input === 'number') found.input = input
  if (typeof output === 'number') found.output = output
  for (const [name, count] of Object.entries(parts)) if (count) found[name as keyof typeof parts] = count
  return found
}

export function sum(...parts: Count[]): number | undefined {
  const known = parts.filter((one) => typeof one === 'number')
  return known.length === 0 ? undefined : known.reduce((all, one) => all + one, 0)
}

export function distinct(sources: Iterable<string | null | undefined>): string[] {
  return [...new Set(sources)].filter((one) => typeof one === 'string').sort()
}

/** Arguments of a call as a value. No arguments at all are an empty object. */
export function parsed(args: string): unknown {
  return args === '' ? {} : (JSON.parse(args) as unknown)
}
