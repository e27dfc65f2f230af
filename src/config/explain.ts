import { nearNames } from '../routing/index.ts'
import { describe } from './found.ts'
import { type Path, showPath, valueAt } from './path.ts'

/** As much of JSON schema as the configuration's own schema uses. */
export interface SchemaNode {
  type?: string
  title?: string
  const?: unknown
  enum?: unknown[]
  anyOf?: SchemaNode[]
  properties?: Record<string, SchemaNode>
  required?: string[]
  additionalProperties?: boolean
  patternProperties?: Record<string, SchemaNode>
  items?: SchemaNode
  minItems?: number
  minLength?: number
  pattern?: string
  minimum?: number
  maximum?: number
}

export interface Explanation {
  /** The value as it was written: what messages may show. */
  raw: unknown
  report: (path: Path, message: string) => void
  /** Values of which something was said already. */
  skip?: (path: Path) => boolean
}

/**
 * Checks a value against the schema and says every mistake in words: what was found, what to write instead.
 *
 * A walk of our own and not the schema library's validator, because that one stops at eight mistakes, speaks of the
 * branches of a union one by one, and takes longer to load than the rest of a start. A test holds the two to the same
 * verdict.
 */
export function explain(schema: SchemaNode, value: unknown, options: Explanation): void {
  new Walk(schema, options).visit(schema, value, [])
}

class Walk {
  readonly #root: SchemaNode
  readonly #options: Explanation

  constructor(root: SchemaNode, options: Explanation) {
    this.#root = root
    this.#options = options
  }

  visit(node: SchemaNode, value: unknown, path: Path): void {
    if (this.#options.skip?.(path)) return
    if (node.type === 'object') this.#table(node, value, path)
    else if (node.type === 'array') this.#list(node, value, path)
    else if (!fits(node, value)) this.#wrong(node, path)
  }

  #table(node: SchemaNode, value: unknown, path: Path): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
      this.#wrong(node, path)
      return
    }
    const table = value as Record<string, unknown>
    for (const key of node.required ?? []) {
      if (table[key] !== undefined) continue
      this.#options.report(path, `\`${key}\` is missing; write ${key} = ${example(node.properties?.[key])}`)
    }
    for (const [key, item] of Object.entries(table)) {
      if (item === undefined) continue
      const known = own(node.properties, key) ?? Object.values(node.patternProperties ?? {})[0]
      if (known) this.visit(known, item, [...path, key])
      else this.#options.report([...path, key], this.#unknown(node, key, path))
    }
  }

  #list(node: SchemaNode, value: unknown, path: Path): void {
    if (!Array.isArray(value) || value.length < (node.minItems ?? 0)) this.#wrong(node, path)
    else if (node.items) for (const [i, item] of value.entries()) this.visit(node.items, item, [...path, i])
  }

  #wrong(node: SchemaNode, path: Path): void {
    const found = describe(path, valueAt(this.#options.raw, path))
    this.#options.report(path, `found ${found}; write ${expected(node)}`)
  }

  #unknown(node: SchemaNode, key: string, path: Path): string {
    const near = nearNames(key, Object.keys(node.properties ?? {}))
    const where = path.length === 0 ? 'there is no such key' : `${heading(path)} has no such key`
    const home = homes(this.#root, key)
    if (home.length > 0 && near.length === 0) return `${where}; it belongs into ${home.join(' or ')}`
    const choice = near.length > 0 ? near : Object.keys(node.properties ?? {})
    return `${where}; ${near.length > 0 ? 'did you mean' : 'there are'} ${choice.join(', ')}${near.length > 0 ? '?' : ''}`
  }
}

/** Whether a single value, neither table nor list, is what the schema asks for. */
function fits(node: SchemaNode, value: unknown): boolean {
  if (node.anyOf) return node.anyOf.some((branch) => fits(branch, value))
  if (node.enum) return node.enum.includes(value)
  if (node.const !== undefined) return value === node.const
  if (node.type === 'string') {
    if (typeof value !== 'string' || [...value].length < (node.minLength ?? 0)) return false
    return node.pattern === undefined || new RegExp(node.pattern, 'u').test(value)
  }
  if (node.type === 'boolean') return typeof value === 'boolean'
  // What a schema says nothing of may be anything.
  if (node.type === undefined) return true
  if (typeof value !== 'number') return false
  if (node.type === 'integer' && !Number.isInteger(value)) return false
  return value >= (node.minimum ?? Number.NEGATIVE_INFINITY) && value <= (node.maximum ?? Number.POSITIVE_INFINITY)
}

const worded: Record<string, string> = {
  duration: 'a duration such as "10s", "250ms" or "5m" (at most "576h"), or a whole number of milliseconds',
  size: 'a size such as "32MiB" or "500kB" (at most "500MiB"), or a whole number of bytes',
  budget: 'a size such as "64MiB" or "1GiB", or a whole number of bytes',
}

/** What to write, in words. */
export function expected(node: SchemaNode): string {
  const words = worded[node.title ?? '']
  // Of a word of several kinds, the number is the one with a bound.
  if (words) return words + range({ minimum: node.anyOf?.find(({ minimum }) => minimum !== undefined)?.minimum })
  const choice = node.enum ?? node.anyOf?.map((branch) => branch.const)
  if (choice) return `one of ${choice.map((one) => JSON.stringify(one)).join(', ')}`
  switch (node.type) {
    case 'object':
      return 'a table'
    case 'array': {
      const least = node.minItems ? `at least ${node.minItems} ` : ''
      return node.items?.type === 'object'
        ? `a table under a [[heading]] of two brackets`
        : `a list of ${least}${node.items?.type ?? 'value'}${node.minItems === 1 ? '' : 's'}`
    }
    case 'string':
      if (node.pattern) return 'a name of letters, digits, ".", "_" and "-", without a slash'
      return node.minLength ? 'a string that is not empty' : 'a string'
    case 'integer':
      return `a whole number${range(node)}`
    case 'boolean':
      return 'true or false'
    case 'number':
      return `a number${range(node)}`
    default:
      return `a ${node.type}`
  }
}

function range({ minimum, maximum }: { minimum?: number | undefined; maximum?: number | undefined }): string {
  return (minimum === undefined ? '' : ` from ${minimum}`) + (maximum === undefined ? '' : ` to ${maximum}`)
}

function example(node: SchemaNode | undefined): string {
  if (node?.type === 'array') return '["…"]'
  return node?.type === 'string' ? '"…"' : '…'
}

/** `[server]`, `[[providers]]`: the heading a person would look for. */
function heading(path: Path): string {
  const [first, second] = path
  return typeof second === 'number' ? `[[${first}]]` : `[${showPath(path)}]`
}

/** The tables of the file that do know a key. */
function homes(root: SchemaNode, key: string): string[] {
  return Object.entries(root.properties ?? {}).flatMap(([name, node]) => {
    if (own(node.properties, key)) return [`[${name}]`]
    return own(node.items?.properties, key) ? [`[[${name}]]`] : []
  })
}

function own<T>(table: Record<string, T> | undefined, key: string): T | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined
}
