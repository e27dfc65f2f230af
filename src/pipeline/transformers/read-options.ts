import { SluiceError } from '../../errors/index.ts'
import type { PatternOptions } from './text/pattern-scan.ts'

type Shape = 'text' | 'number' | 'switch' | 'list' | 'texts' | 'where' | 'patterns' | 'named patterns'

/** What a configuration can say of an option: its shape, and what it means. */
export interface OptionRow {
  readonly shape: Shape
  readonly means: string
  readonly required?: boolean
}

/** The options that a configuration can hold. */
export type OptionRows<Options> = { readonly [Name in keyof Options]?: OptionRow }

type Fields = Readonly<Record<string, unknown>>

/** The shapes in words. */
export const shapeWords: Readonly<Record<Shape, string>> = {
  text: 'a text',
  number: 'a number',
  switch: 'true or false',
  list: 'a list of texts',
  texts: 'texts by name',
  where: 'true or false for text, reasoning or arguments',
  patterns: 'a list of texts, or of expressions with `pattern` and `longest`',
  'named patterns': 'expressions with `pattern` and `longest`, by name',
}

/**
 * Options as a configuration has them, checked. An expression may be written as a text there.
 *
 * @throws SluiceError `config_invalid`
 */
export function readOptions<Options>(given: Fields, rows: OptionRows<Options>): Options {
  const known = rows as Readonly<Record<string, OptionRow>>
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!Object.hasOwn(known, name)) {
      throw new SluiceError(
        'config_invalid',
        `cannot use the option \`${name}\`: it is not known; ${choice(Object.keys(known))}`,
        { param: name },
      )
    }
    const read = readers[known[name]!.shape](value)
    if (read === undefined) {
      throw new SluiceError(
        'config_invalid',
        `cannot use the option \`${name}\`: it is ${JSON.stringify(value)}; write ${shapeWords[known[name]!.shape]}`,
        { param: name },
      )
    }
    options[name] = read
  }
  for (const [name, { required, shape }] of Object.entries(known)) {
    if (!required || options[name] !== undefined) continue
    throw new SluiceError('config_invalid', `cannot do without the option \`${name}\`: write ${shapeWords[shape]}`, {
      param: name,
    })
  }
  return options as Options
}

function choice(names: readonly string[]): string {
  return names.length === 0 ? 'it takes none' : `the options are ${names.join(', ')}`
}

/** Each gives undefined for what does not have the shape. */
const readers: Record<Shape, (value: unknown) => unknown> = {
  text: (value) => (typeof value === 'string' ? value : undefined),
  number: (value) => (typeof value === 'number' && !Number.isNaN(value) ? value : undefined),
  switch: (value) => (typeof value === 'boolean' ? value : undefined),
  list: (value) => (Array.isArray(value) && value.every((one) => typeof one === 'string') ? value : undefined),
  texts: (value) =>
    isFields(value) && Object.values(value).every((one) => typeof one === 'string') ? value : undefined,
  where: (value) =>
    isFields(value) &&
    Object.entries(value).every(
      ([name, one]) => ['text', 'reasoning', 'arguments'].includes(name) && typeof one === 'boolean',
    )
      ? value
      : undefined,
  patterns(value) {
    if (!Array.isArray(value)) return undefined
    const read = value.map((one) => (typeof one === 'string' ? one : readPattern(one)))
    return read.includes(undefined) ? undefined : read
  },
  'named patterns'(value) {
    if (!isFields(value)) return undefined
    const read = Object.entries(value).map(([name, one]) => [name, readPattern(one)] as const)
    return read.some(([, one]) => one === undefined) ? undefined : Object.fromEntries(read)
  },
}

function readPattern(value: unknown): PatternOptions | undefined {
  if (!isFields(value)) return undefined
  const { pattern, longest, begins, within, needs, accept, ...others } = value
  if (Object.keys(others).length > 0 || typeof longest !== 'number') return undefined
  if (needs !== undefined && (typeof needs !== 'string' || needs.length !== 1)) return undefined
  if (accept !== undefined && typeof accept !== 'function') return undefined
  const [whole, first, inner] = [pattern, begins, within].map(readExpression)
  if (!whole || (begins !== undefined && !first) || (within !== undefined && !inner)) return undefined
  return {
    pattern: whole,
    longest,
    ...(first && { begins: first }),
    ...(inner && { within: inner }),
    ...(needs !== undefined && { needs }),
    ...(accept !== undefined && { accept: accept as (match: string) => boolean }),
  }
}

function readExpression(value: unknown): RegExp | undefined {
  if (value instanceof RegExp) return value
  if (typeof value !== 'string') return undefined
  try {
    return new RegExp(value, 'u')
  } catch {
    return undefined
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
