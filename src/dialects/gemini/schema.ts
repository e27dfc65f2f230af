import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { camel } from './proto.ts'

/** Deeper than the vendor allows. */
const maxDepth = 100

const numbers: ReadonlySet<string> = new Set([
  'maxItems',
  'minItems',
  'maxLength',
  'minLength',
  'maxProperties',
  'minProperties',
])

/**
 * The vendor's own kind of schema (a part of OpenAPI 3.0 in which types are shouted and numbers may be texts) as JSON
 * Schema. What is JSON Schema already stays as it is.
 */
export function toJsonSchema(schema: JsonObject, depth = 0): JsonObject {
  if (depth > maxDepth) return schema
  const found: JsonObject = {}
  let nullable = false
  for (const [written, value] of Object.entries(schema)) {
    if (value === undefined || value === null) continue
    const key = written.startsWith('$') ? written : camel(written)
    if (key === 'nullable') nullable = value === true
    else if (key === 'type') found.type = typeOf(value)
    else if (key === 'properties' && isJsonObject(value)) {
      found.properties = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, inside(one, depth)]))
    } else if (key === 'items' || key === 'additionalProperties') found[key] = inside(value, depth)
    else if (key === 'anyOf' && Array.isArray(value)) found.anyOf = value.map((one) => inside(one, depth))
    // The order of the properties, which no other API knows.
    else if (key === 'propertyOrdering') continue
    else found[key] = numbers.has(key) && typeof value === 'string' ? Number(value) : value
  }
  if (!nullable) return found
  if (typeof found.type === 'string') found.type = [found.type, 'null']
  if (Array.isArray(found.enum) && !found.enum.includes(null)) found.enum = [...found.enum, null]
  if (Array.isArray(found.anyOf)) found.anyOf = [...found.anyOf, { type: 'null' }]
  return found
}

function inside(value: Json | undefined, depth: number): Json {
  return isJsonObject(value) ? toJsonSchema(value, depth + 1) : (value ?? {})
}

function typeOf(type: Json): Json {
  return typeof type === 'string' ? type.toLowerCase() : type
}
