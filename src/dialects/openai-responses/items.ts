import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { refuse, typeName } from '../fields.ts'

/** The items of a request's `input`, a plain text as the one message that it stands for. @throws SluiceError `invalid_request` */
export function inputItems(body: JsonObject): JsonObject[] {
  const { input } = body
  if (input === undefined || input === null) return []
  if (typeof input === 'string') {
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
  }
  if (!Array.isArray(input)) refuse('input', `must be a string or a list of items, but it is ${typeName(input)}`)
  return (input as Json[]).map((item, index) => {
    if (!isJsonObject(item)) refuse(`input[${index}]`, `must be an object, but it is ${typeName(item)}`)
    return item as JsonObject
  })
}

/** The type of an item. A message need not say its own. */
export function itemType(item: JsonObject): string | undefined {
  if (typeof item.type === 'string') return item.type
  return item.role === undefined ? undefined : 'message'
}

/** The ids of the items that an input only refers to. */
export function itemReferences(body: JsonObject): string[] {
  if (!Array.isArray(body.input)) return []
  return body.input.flatMap((item) => (isJsonObject(item) && isReference(item) ? [item.id as string] : []))
}

/** The items of an answer, as they may stand in the input of the next request. */
export function responseItems(response: JsonObject): JsonObject[] {
  return Array.isArray(response.output) ? response.output.filter(isJsonObject) : []
}

function isReference(item: JsonObject): boolean {
  return (item.type === 'item_reference' || item.type === undefined) && typeof item.id === 'string' && !('role' in item)
}
