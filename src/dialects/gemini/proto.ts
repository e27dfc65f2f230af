import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { refuse, typeName } from '../fields.ts'

/**
 * JSON of protocol buffers as clients write it: names in camelCase or in snake_case, a lone object where a list of them
 * is meant, whole numbers as text.
 */

/** The message with its names in camelCase. What is inside its fields stays as it is. */
export function message(wire: JsonObject): JsonObject {
  let other = false
  for (const key in wire) if (key.includes('_')) other = true
  if (!other) return wire
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [camel(key), value]))
}

export function camel(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** The message in a field, its names in camelCase. */
export function inner(parent: JsonObject, key: string, at = ''): JsonObject | undefined {
  const value = parent[key]
  if (value === undefined || value === null) return undefined
  if (!isJsonObject(value)) refuse(at + key, `must be an object, but it is ${typeName(value)}`)
  return message(value)
}

/** The messages of a repeated field, each with its path. */
export function repeated(parent: JsonObject, key: string, at = ''): Array<[JsonObject, string]> {
  const value = parent[key]
  if (value === undefined || value === null) return []
  if (isJsonObject(value)) return [[message(value), at + key]]
  if (!Array.isArray(value)) refuse(at + key, `must be an array of objects, but it is ${typeName(value)}`)
  return value.map((entry, index) => {
    const path = `${at}${key}[${index}]`
    if (!isJsonObject(entry)) refuse(path, `must be an object, but it is ${typeName(entry)}`)
    return [message(entry), path]
  })
}

/** A number, which may stand there as text. */
export function count(parent: JsonObject, key: string, at = ''): number | undefined {
  const value: Json | undefined = parent[key]
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    refuse(at + key, `must be a number, but it is ${typeName(value)}`)
  }
  return number
}

/** Bytes as base64 in its usual alphabet, which is the only one that most APIs take. */
export function base64(data: string): string {
  const usual = /[-_]/.test(data) ? data.replaceAll('-', '+').replaceAll('_', '/') : data
  const missing = usual.length % 4
  return missing === 2 || missing === 3 ? usual.padEnd(usual.length + 4 - missing, '=') : usual
}
