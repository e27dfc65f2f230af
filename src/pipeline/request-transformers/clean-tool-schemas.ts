import { mapSchemas } from '../../dialects/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { Transformer } from '../chain/transformer.ts'

export interface CleanToolSchemasOptions {
  /** Keywords that are left out wherever they stand. Default: `usualKeywords`, which say nothing about the arguments. */
  keywords?: readonly string[]
}

/** Notes for editors and readers of schemas, which some servers refuse. */
export const usualKeywords: readonly string[] = [
  '$schema',
  '$id',
  '$comment',
  'deprecated',
  'examples',
  'readOnly',
  'writeOnly',
]

/**
 * Schemas of tools as particular servers want them: without keywords that they do not know, and with `type` and
 * `properties` at the top also for tools without arguments. Data in a schema (`default`, `enum`) is left alone.
 *
 * @example
 * const clean = cleanToolSchemas({ keywords: ['$schema', 'format'] })
 */
export function cleanToolSchemas({ keywords = usualKeywords }: CleanToolSchemasOptions = {}): Transformer {
  const without = (schema: JsonObject): JsonObject => {
    if (!keywords.some((keyword) => Object.hasOwn(schema, keyword))) return schema
    return Object.fromEntries(Object.entries(schema).filter(([key]) => !keywords.includes(key)))
  }
  // One session sends the same tools with every turn, but decoded anew: there is nothing to remember them by.
  return {
    name: 'clean-tool-schemas',
    request(request) {
      let changed = false
      const tools = request.tools.map((tool) => {
        if (tool.kind !== 'function') return tool
        const parameters = whole(mapSchemas(tool.parameters ?? {}, without))
        if (parameters === tool.parameters) return tool
        changed = true
        return { ...tool, parameters }
      })
      return changed ? { ...request, tools } : request
    },
  }
}

function whole(schema: JsonObject): JsonObject {
  const combined = ['anyOf', 'oneOf', 'allOf', '$ref'].some((key) => Object.hasOwn(schema, key))
  if (combined || (schema.type === 'object' && isJsonObject(schema.properties))) return schema
  if (schema.type !== undefined && schema.type !== 'object') return schema
  return { ...schema, type: 'object', properties: isJsonObject(schema.properties) ? schema.properties : {} }
}
