import { isJsonObject, type Json, type JsonObject } from '../tokens/index.ts'

/** Keywords that hold one schema, a list of them, and schemas by name. */
const single = ['items', 'additionalProperties', 'not', 'if', 'then', 'else']
const lists = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const named = ['properties', 'patternProperties', '$defs', 'definitions']

/** Deeper than any vendor allows: what lies below stays as it is, and the vendor says what it thinks of it. */
const maxDepth = 100

/** A JSON schema with `change` applied to every schema of an object in it, as `mapSchemas` does. */
export function mapObjectSchemas(schema: JsonObject, change: (one: JsonObject) => JsonObject): JsonObject {
  return mapSchemas(schema, (one) => (isObjectSchema(one) ? change(one) : one))
}

/**
 * A JSON schema with `change` applied to every schema in it, the inner ones first. Data inside a schema (`enum`,
 * `default`, …) is left alone. What `change` gives back as it was costs no copy.
 */
export function mapSchemas(schema: JsonObject, change: (one: JsonObject) => JsonObject, depth = 0): JsonObject {
  if (depth > maxDepth) return schema
  let mapped = schema
  const set = (key: string, value: Json): void => {
    if (value !== schema[key]) mapped = { ...mapped, [key]: value }
  }
  const one = (value: Json | undefined): Json | undefined =>
    isJsonObject(value) ? mapSchemas(value, change, depth + 1) : value
  for (const key of single) if (isJsonObject(schema[key])) set(key, one(schema[key])!)
  for (const key of lists) {
    const list = schema[key]
    if (!Array.isArray(list)) continue
    const inner = list.map((entry) => one(entry)!)
    if (inner.some((entry, i) => entry !== list[i])) set(key, inner)
  }
  for (const key of named) {
    const table = schema[key]
    if (!isJsonObject(table)) continue
    const inner = Object.entries(table).map(([name, entry]) => [name, one(entry)] as const)
    if (inner.some(([name, entry]) => entry !== table[name])) set(key, Object.fromEntries(inner))
  }
  return change(mapped)
}

function isObjectSchema({ type, properties }: JsonObject): boolean {
  if (type === undefined) return isJsonObject(properties)
  return type === 'object' || (Array.isArray(type) && type.includes('object'))
}

/** OpenAI's `strict` wants objects closed and every property required, which other APIs that enforce schemas do not. */
export function takesStrict(schema: JsonObject): boolean {
  let takes = true
  mapObjectSchemas(schema, (one) => {
    const required = Array.isArray(one.required) ? one.required : []
    const names = isJsonObject(one.properties) ? Object.keys(one.properties) : []
    if (one.additionalProperties !== false || names.some((name) => !required.includes(name))) takes = false
    return one
  })
  return takes
}
