import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import type { WrittenCall } from './call-formats.ts'
import { strictJson } from './strict-json.ts'

/** A tool that the model may call. */
export interface OfferedTool {
  name: string
  /** `custom`: its call holds the one string `input`, which is what the tool is given. Default `function`. */
  kind?: 'function' | 'custom'
  /** The JSON schema of its arguments: says of values that are written as plain text whether they are meant as such. */
  parameters?: JsonObject
}

/** A call that can be made. */
export interface FoundCall {
  name: string
  kind: 'function' | 'custom'
  /** JSON of an object, or the text of a custom tool. */
  arguments: string
}

/** What was written as a call of one of the tools; undefined where it cannot be one. */
export function foundCall(written: WrittenCall, tools: readonly OfferedTool[]): FoundCall | undefined {
  const tool = findTool(written.name, tools)
  if (!tool) return undefined
  const { name, kind = 'function' } = tool
  const given =
    typeof written.arguments === 'string' ? written.arguments : valuesAsJson(written.arguments, tool.parameters)
  if (given === undefined) return undefined
  if (kind === 'function') return { name, kind, arguments: given }
  const { input } = JSON.parse(given) as JsonObject
  return typeof input === 'string' ? { name, kind, arguments: input } : undefined
}

/**
 * The tool of that name. Models write names in the case they like, and with what they were trained to put around them;
 * where that would fit two tools it fits none.
 */
function findTool(written: string, tools: readonly OfferedTool[]): OfferedTool | undefined {
  const bare = written.replace(/^(?:functions|tools|default_api)[.:]/, '').replace(/:\d+$/, '')
  const exact = tools.find(({ name }) => name === written) ?? tools.find(({ name }) => name === bare)
  if (exact) return exact
  const alike = tools.filter(({ name }) => name.toLowerCase() === bare.toLowerCase())
  return alike.length === 1 ? alike[0] : undefined
}

function valuesAsJson(values: ReadonlyMap<string, string>, schema: JsonObject | undefined): string | undefined {
  const properties = isJsonObject(schema?.properties) ? schema.properties : {}
  const members: string[] = []
  for (const [key, value] of values) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    const json = valueAsJson(value, isJsonObject(property) ? typesOf(property) : undefined)
    if (json === undefined) return undefined
    members.push(`${JSON.stringify(key)}:${json}`)
  }
  return `{${members.join(',')}}`
}

/** A text where the schema takes texts, else JSON. Where the schema says nothing it is JSON if it can be. */
function valueAsJson(value: string, types: readonly unknown[] | undefined): string | undefined {
  if (types?.includes('string')) {
    return types.includes('null') && value.trim() === 'null' ? 'null' : JSON.stringify(value)
  }
  return strictJson(value.trim()) ?? (types ? undefined : JSON.stringify(value))
}

/** The types that a value may have; undefined where the schema does not say it in so many words. */
function typesOf({ type, enum: values }: JsonObject): readonly unknown[] | undefined {
  if (type !== undefined) return Array.isArray(type) ? type : [type]
  return Array.isArray(values) ? values.map((value) => typeof value) : undefined
}
