import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** More than any list of arguments holds: a larger index would only make room for nothing. */
const longest = 10_000

/**
 * The arguments of a call that come value by value, each with its place in the object (RFC 9535, member names and
 * indices only), as Vertex AI streams them. The pieces of one text follow each other.
 */
export class PartialArguments {
  readonly args: JsonObject = {}

  /** Takes the next values; those whose place cannot be read are passed over. */
  add(values: Json | undefined): void {
    if (!Array.isArray(values)) return
    for (const value of values) {
      if (!isJsonObject(value) || typeof value.jsonPath !== 'string') continue
      const path = steps(value.jsonPath)
      const found = saidValue(value)
      if (path && path.length > 0 && found !== undefined) put(this.args, path, found)
    }
  }
}

function saidValue(wire: JsonObject): Json | undefined {
  for (const key of ['stringValue', 'numberValue', 'boolValue'] as const) {
    const value = wire[key]
    if (value !== undefined && value !== null) return value
  }
  return 'nullValue' in wire ? null : undefined
}

/** `$.a[0]['b']` as its steps; undefined where it has another form. */
function steps(path: string): Array<string | number> | undefined {
  const found: Array<string | number> = []
  let at = 1
  const step = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y
  if (path[0] !== '$') return undefined
  while (at < path.length) {
    step.lastIndex = at
    const match = step.exec(path)
    if (!match) return undefined
    const [whole, name, index, single, double] = match
    if (index !== undefined) found.push(Number(index))
    else found.push(name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'))
    at += whole.length
  }
  return found
}

function put(root: JsonObject, path: Array<string | number>, value: Json): void {
  let here: Json = root
  for (const [depth, key] of path.entries()) {
    const last = depth === path.length - 1
    const before: Json | undefined = read(here, key)
    let next: Json | undefined = before
    if (last) next = typeof before === 'string' && typeof value === 'string' ? before + value : value
    else if (typeof before !== 'object' || before === null) next = typeof path[depth + 1] === 'number' ? [] : {}
    if (next !== before && !write(here, key, next as Json)) return
    here = next as Json
  }
}

function read(parent: Json, key: string | number): Json | undefined {
  if (Array.isArray(parent)) return typeof key === 'number' ? parent[key] : undefined
  return isJsonObject(parent) && Object.hasOwn(parent, key) ? parent[key] : undefined
}

function write(parent: Json, key: string | number, value: Json): boolean {
  if (Array.isArray(parent)) {
    if (typeof key !== 'number' || key > longest) return false
    while (parent.length < key) parent.push(null)
    parent[key] = value
    return true
  }
  if (!isJsonObject(parent)) return false
  // An assignment to `__proto__` would be no field but another prototype.
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })
  return true
}
