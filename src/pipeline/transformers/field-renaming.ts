import { SluiceError } from '../../errors/index.ts'
import type { BlockMeta, JsonObject, StreamToken } from '../../tokens/index.ts'
import { pass, type StreamTransformer, type TransformResult } from '../transformer.ts'
import { compileOnce } from './compile-once.ts'

type Names = Readonly<Record<string, string>>

export interface FieldRenamingOptions {
  /** Names of fields in `metadata` tokens: old to new. */
  metadata?: Names
  /** Names of fields in what a dialect knows about a block (`meta`): old to new. */
  meta?: Names
  /** Names of tools in calls: old to new. */
  tools?: Names
  /** From new to old instead, with the same lists. Default false. */
  reverse?: boolean
}

const compile = compileOnce(({ metadata = {}, meta = {}, tools = {}, reverse = false }: FieldRenamingOptions) => ({
  metadata: pairs('metadata', metadata, reverse),
  meta: pairs('meta', meta, reverse),
  tools: pairs('tools', tools, reverse),
}))

/**
 * Other names for fields and tools. Fields are renamed where they stand at the top of `metadata` and `meta`, whichever
 * dialect they are of; a field whose new name is taken already keeps its own, so that none is lost.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const tools = { lookup_v2: 'lookup' }
 * const make = () => new FieldRenaming({ tools })
 */
export class FieldRenaming implements StreamTransformer {
  readonly name = 'field-renaming'
  readonly #names: ReturnType<typeof compile>

  constructor(options: FieldRenamingOptions) {
    this.#names = compile(options)
  }

  transform(token: StreamToken): TransformResult {
    switch (token.type) {
      case 'metadata': {
        const fields = renamed(token.fields, this.#names.metadata)
        return fields === token.fields ? pass : { action: 'replace', tokens: [{ ...token, fields }] }
      }
      case 'text-start':
      case 'reasoning-start': {
        const meta = this.#meta(token.meta)
        return meta === undefined || meta === token.meta ? pass : { action: 'replace', tokens: [{ ...token, meta }] }
      }
      case 'tool-call-start': {
        const name = this.#names.tools.get(token.name) ?? token.name
        const meta = this.#meta(token.meta)
        if (name === token.name && meta === token.meta) return pass
        return { action: 'replace', tokens: [{ ...token, name, ...(meta && { meta }) }] }
      }
      default:
        return pass
    }
  }

  #meta(meta: BlockMeta | undefined): BlockMeta | undefined {
    if (!meta || this.#names.meta.size === 0) return meta
    let changed = false
    const entries = Object.entries(meta).map(([dialect, fields]): [string, JsonObject] => {
      const after = renamed(fields, this.#names.meta)
      changed ||= after !== fields
      return [dialect, after]
    })
    return changed ? Object.fromEntries(entries) : meta
  }
}

function renamed(fields: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const keys = Object.keys(fields)
  if (names.size === 0 || !keys.some((key) => names.has(key))) return fields
  // Old names that stay, and new ones that are given: no name is given twice.
  const taken = new Set(keys.filter((key) => !names.has(key)))
  const after = keys.map((key) => {
    const to = names.get(key)
    const name = to === undefined || taken.has(to) ? key : to
    taken.add(name)
    return name
  })
  if (new Set(after).size < keys.length) return fields
  return Object.fromEntries(keys.map((key, i) => [after[i]!, fields[key]]))
}

function pairs(option: string, names: Names, reverse: boolean): ReadonlyMap<string, string> {
  const all = Object.entries(names).map(([from, to]): [string, string] => (reverse ? [to, from] : [from, to]))
  const map = new Map(all)
  if (map.size === all.length) return map
  throw new SluiceError('config_invalid', `cannot rename \`${option}\` back: two names became one; drop one of them`, {
    param: option,
  })
}
