import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import { checkOrder, type Streaming, StreamingSchema } from './habit.ts'
import {
  faultKinds,
  type Script,
  type ScriptFile,
  ScriptFileSchema,
  ScriptSchema,
  stepKinds,
  TurnSchema,
} from './script.ts'

/**
 * Checks a script by hand down to steps and faults and by schema below them: a schema alone would list every kind of
 * step that a mistyped one is not.
 *
 * @throws SluiceError `config_invalid`, naming the place: `scripts.hello.steps[2].chunk`
 */
export function checkScript(value: unknown, source: string, at = ''): Script {
  const script = object(value, source, at)
  const { turns, ...turn } = script
  checkTurn(turns === undefined ? script : turn, turns === undefined ? ScriptSchema : TurnSchema, source, at)
  if (turns === undefined) return value as Script
  if (!Array.isArray(turns) || turns.length === 0)
    fail(source, join(at, 'turns'), 'must be a list of at least one script')
  turns.forEach((entry: unknown, index) => {
    const path = `${join(at, 'turns')}[${index}]`
    checkTurn(object(entry, source, path), TurnSchema, source, path)
  })
  return value as Script
}

/** @throws SluiceError `config_invalid` */
export function checkScriptFile(value: unknown, source: string): ScriptFile {
  const file = object(value, source, '')
  // A file that is one script and nothing else answers every request with it.
  if (file.scripts === undefined && file.default === undefined && Object.keys(file).length > 0) {
    return { scripts: {}, default: checkScript(file, source) }
  }
  unknownKeys(file, Object.keys(ScriptFileSchema.properties), source, '')
  const scripts = object(file.scripts ?? {}, source, 'scripts') as Record<string, Script>
  for (const [name, script] of Object.entries(scripts)) checkScript(script, source, join('scripts', name))
  const fallback = file.default
  if (fallback === undefined) return { scripts }
  if (typeof fallback !== 'string') return { scripts, default: checkScript(fallback, source, 'default') }
  return { scripts, default: fallback }
}

function checkTurn(
  turn: Record<string, unknown>,
  schema: TSchema & { properties: object },
  source: string,
  at: string,
) {
  unknownKeys(turn, Object.keys(schema.properties), source, at)
  const { steps, fault, ...rest } = turn
  if (steps !== undefined) {
    if (!Array.isArray(steps)) fail(source, join(at, 'steps'), 'must be a list of steps')
    steps.forEach((step: unknown, index) => {
      checkKind(step, stepKinds, 'step', source, `${join(at, 'steps')}[${index}]`)
    })
  }
  if (fault !== undefined) checkKind(fault, faultKinds, 'fault', source, join(at, 'fault'))
  for (const [key, value] of Object.entries(rest)) {
    checkValue(value, (schema.properties as Record<string, Shape>)[key] as Shape, source, join(at, key))
  }
  if (rest.streaming !== undefined) checkOrder(rest.streaming as Streaming, source, join(at, 'streaming'))
}

/** @throws SluiceError `config_invalid` */
export function checkStreaming(value: unknown, source: string): Streaming {
  checkValue(value, StreamingSchema as TSchema, source, 'streaming')
  checkOrder(value as Streaming, source, 'streaming')
  return value as Streaming
}

function checkKind(value: unknown, kinds: Record<string, TSchema>, what: string, source: string, at: string) {
  const entry = object(value, source, at)
  // `repeat` stands beside `text`, and is what the step is then.
  const words = Object.keys(kinds).filter((word) => word in entry && !(word === 'text' && 'repeat' in entry))
  const [word, second] = words
  if (word === undefined) {
    const found = Object.keys(entry).map(quote).join(', ') || 'nothing'
    fail(source, at, `is no ${what}: found ${found}; a ${what} has one of ${Object.keys(kinds).join(', ')}`)
  }
  if (second !== undefined)
    fail(source, at, `is two ${what}s at once, ${quote(word)} and ${quote(second)}: make it two`)
  checkFields(entry, kinds[word] as Shape, source, at)
}

/** The parts of a schema that the walk needs. */
interface Shape extends TSchema {
  properties?: Record<string, TSchema>
  required?: string[]
  items?: TSchema
  anyOf?: Shape[]
  description?: string
}

function checkFields(value: Record<string, unknown>, schema: Shape, source: string, at: string) {
  const properties = schema.properties ?? {}
  unknownKeys(value, Object.keys(properties), source, at)
  for (const [key, field] of Object.entries(value)) checkValue(field, properties[key] as Shape, source, join(at, key))
  for (const key of schema.required ?? []) if (!(key in value)) fail(source, join(at, key), 'is missing')
}

function checkValue(value: unknown, schema: Shape, source: string, at: string) {
  if (Value.Check(schema, value)) return
  // The walk goes down as far as it can, for the library's message about a leaf is a good one only at the leaf.
  const shape = schema.anyOf?.find((branch) => branch.properties) ?? schema
  if (isJsonObject(value) && shape.properties) return checkFields(value, shape, source, at)
  const { items } = schema
  if (Array.isArray(value) && items) {
    ;(value as unknown[]).forEach((entry, index) => {
      checkValue(entry, items, source, `${at}[${index}]`)
    })
  }
  const wanted = schema.description
  const [error] = Value.Errors(schema, value)
  fail(source, at, wanted ? `must be ${wanted}, but it is ${show(value)}` : `${error?.message}: found ${show(value)}`)
}

function unknownKeys(value: Record<string, unknown>, known: string[], source: string, at: string) {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) fail(source, at, `has no field ${quote(key)}; it may have ${known.join(', ')}`)
  }
}

function object(value: unknown, source: string, at: string): Record<string, unknown> {
  if (!isJsonObject(value)) fail(source, at, `must be an object, but it is ${show(value)}`)
  return value
}

function fail(source: string, at: string, problem: string): never {
  const place = at === '' ? 'the script' : `\`${at}\``
  throw new SluiceError('config_invalid', `cannot read ${source}: ${place} ${problem}`, at === '' ? {} : { param: at })
}

const join = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`)
const quote = (word: string): string => `"${word.slice(0, 60)}"`

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}
