import { SluiceError } from '../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../tokens/index.ts'

/**
 * Reading a client's body field by field. Each reader names the field and what it found when the type is wrong, and
 * takes `null` as absent, as the vendors do.
 */

export function refuse(param: string, problem: string): never {
  throw new SluiceError('invalid_request', `cannot read the request: \`${param}\` ${problem}`, { param })
}

/** The type of a JSON value in words, for messages. */
export function typeName(value: Json | undefined): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

type Read<T> = (object: JsonObject, key: string, at?: string) => T

function reader<T>(wanted: string, test: (value: Json) => boolean) {
  const optional: Read<T | undefined> = (object, key, at = '') => {
    const value = object[key]
    if (value === undefined || value === null) return undefined
    if (!test(value)) refuse(at + key, `must be ${wanted}, but it is ${typeName(value)}`)
    return value as T
  }
  const required: Read<T> = (object, key, at = '') => {
    const value = optional(object, key, at)
    if (value === undefined) refuse(at + key, `is missing; it must be ${wanted}`)
    return value as T
  }
  return { optional, required }
}

/** `at` is the path before the key, with its dot: `messages[0].`. */
export const string = reader<string>('a string', (value) => typeof value === 'string')
export const number = reader<number>('a number', (value) => typeof value === 'number')
export const boolean = reader<boolean>('true or false', (value) => typeof value === 'boolean')
export const object = reader<JsonObject>('an object', isJsonObject)
export const array = reader<Json[]>('an array', Array.isArray)

/** Every entry of an array field, each checked to be an object. */
export function objects(parent: JsonObject, key: string, at = ''): JsonObject[] {
  return (array.optional(parent, key, at) ?? []).map((value, index) => {
    if (!isJsonObject(value)) refuse(`${at}${key}[${index}]`, `must be an object, but it is ${typeName(value)}`)
    return value as JsonObject
  })
}

/** One of a fixed list of words. */
export function oneOf<const T extends string>(
  parent: JsonObject,
  key: string,
  words: readonly T[],
  at = '',
): T | undefined {
  const value = string.optional(parent, key, at)
  if (value === undefined) return undefined
  if (!(words as readonly string[]).includes(value)) {
    refuse(at + key, `must be one of ${words.join(', ')}, but it is "${value.slice(0, 60)}"`)
  }
  return value as T
}

/** The fields of `body` that are not in `known`. */
export function unknownFields(body: JsonObject, known: ReadonlySet<string>): JsonObject {
  // An assignment to `__proto__` would be no field but another prototype.
  return Object.fromEntries(Object.entries(body).filter(([key]) => !known.has(key)))
}
