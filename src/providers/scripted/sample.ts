import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

const formats: Record<string, string> = {
  date: '2026-01-15',
  time: '12:00:00Z',
  'date-time': '2026-01-15T12:00:00Z',
  email: 'ada@example.com',
  uri: 'https://example.com/',
  url: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
}

/** A value that a JSON schema plausibly accepts, the same one every time. Keywords it does not know are passed over. */
export function sample(schema: Json | undefined, name = 'value', root: Json | undefined = schema, depth = 0): Json {
  if (!isJsonObject(schema) || depth > 8) return null
  if (schema.const !== undefined) return schema.const
  if (schema.default !== undefined) return schema.default
  for (const list of [schema.examples, schema.enum]) if (Array.isArray(list) && list[0] !== undefined) return list[0]
  if (typeof schema.$ref === 'string') return sample(resolve(schema.$ref, root), name, root, depth + 1)
  for (const branches of [schema.anyOf, schema.oneOf]) {
    if (Array.isArray(branches)) return sample(branches[0], name, root, depth + 1)
  }
  if (Array.isArray(schema.allOf)) {
    const parts = schema.allOf.map((part) => sample(part, name, root, depth + 1))
    if (parts.every(isJsonObject)) return Object.assign(members(schema, root, depth), ...parts) as JsonObject
    return parts[0] ?? null
  }
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== 'null') : schema.type
  if (type === 'object' || (type === undefined && isJsonObject(schema.properties))) return members(schema, root, depth)
  if (type === 'array') {
    const count = typeof schema.minItems === 'number' ? Math.min(schema.minItems, 8) : 1
    return Array.from({ length: Math.max(1, count) }, () =>
      sample(schema.items ?? { type: 'string' }, name, root, depth + 1),
    )
  }
  if (type === 'integer' || type === 'number') return amount(schema)
  if (type === 'boolean') return true
  if (type === 'null') return null
  return text(schema, name)
}

function members(schema: JsonObject, root: Json | undefined, depth: number): JsonObject {
  const properties = isJsonObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required.filter((key) => typeof key === 'string') : []
  const names = required.length > 0 ? required : Object.keys(properties)
  return Object.fromEntries(names.map((name) => [name, sample(properties[name] ?? {}, name, root, depth + 1)]))
}

function amount(schema: JsonObject): number {
  if (typeof schema.minimum === 'number') return schema.minimum
  if (typeof schema.exclusiveMinimum === 'number') return schema.exclusiveMinimum + 1
  return typeof schema.maximum === 'number' ? Math.min(1, schema.maximum) : 1
}

function text(schema: JsonObject, name: string): string {
  const value = formats[String(schema.format)] ?? `some ${name.replaceAll(/[_-]+/g, ' ')}`
  const least = typeof schema.minLength === 'number' ? schema.minLength : 0
  const most = typeof schema.maxLength === 'number' ? schema.maxLength : Number.POSITIVE_INFINITY
  return value.padEnd(Math.min(least, 4096), '.').slice(0, most)
}

function resolve(pointer: string, root: Json | undefined): Json | undefined {
  if (!pointer.startsWith('#')) return undefined
  let at = root
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    at = isJsonObject(at) ? at[key] : undefined
  }
  return at
}
