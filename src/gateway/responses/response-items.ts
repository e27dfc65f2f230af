import { itemReferences, responseItems } from '../../dialects/openai-responses/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type JsonObject } from '../../tokens/index.ts'

/** An answer of the Responses API as it is kept. */
export interface StoredResponse {
  /** As the client got it, at its end. */
  response: JsonObject
  /** The items that the request itself brought, as they were written. */
  input: JsonObject[]
  /** The answer that the request went on from. */
  previous?: string
  /** The process that is working on it, as long as it has not ended. */
  run?: string
}

/** An item of a conversation, and where it is stored. */
export interface Placed {
  item: JsonObject
  /** The id of the response in whose turn it stands. */
  response: string
  /** Its place in what that turn brought; absent for an item of the answer. */
  index?: number
}

export function isReference(item: JsonObject): boolean {
  return itemReferences({ input: [item] }).length > 0
}

/**
 * What an answer leaves to the next turn. A call that was cut short cannot be answered, and providers refuse reasoning
 * to which nothing was said any more.
 */
export function leftOver(response: JsonObject | undefined): JsonObject[] {
  if (!response) return []
  const items = responseItems(response)
  if (response.status === 'completed') return items
  const whole = items.filter(
    ({ type, status }) => type === 'message' || (status !== 'incomplete' && status !== 'in_progress'),
  )
  while (whole.at(-1)?.type === 'reasoning') whole.pop()
  return whole
}

/** An item as it is listed: in the long form, and with an id by which it can be referred to. */
export function listed({ item, response, index }: Placed): JsonObject {
  const type = typeof item.type === 'string' ? item.type : 'message'
  const place = index ?? item.call_id ?? 'out'
  const id = typeof item.id === 'string' ? item.id : `${prefixes[type] ?? 'item'}_${place}_${response}`
  if (type !== 'message') return { ...item, id, type }
  const { role } = item
  const content = typeof item.content === 'string' ? [textPart(item.content, role === 'assistant')] : item.content
  return { ...item, id, type, status: item.status ?? 'completed', content: content ?? [] }
}

/** The place of an item that was listed without an id of its own. */
export function inputIndex(id: string): { response: string; index: number } | undefined {
  const found = /^[a-z]+_(\d{1,9})_(.+)$/.exec(id)
  return found ? { index: Number(found[1]), response: String(found[2]) } : undefined
}

const prefixes: Record<string, string> = {
  message: 'msg',
  function_call: 'fc',
  custom_tool_call: 'ctc',
  reasoning: 'rs',
}

function textPart(text: string, output: boolean): JsonObject {
  return output ? { type: 'output_text', text, annotations: [] } : { type: 'input_text', text }
}

/**
 * A page of items, the newest first unless `order` is `asc`.
 *
 * @throws SluiceError `invalid_request`
 */
export function page(items: readonly JsonObject[], query: URLSearchParams): JsonObject {
  const limit = Number(query.get('limit') ?? 20)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) refuse('limit', 'must be a whole number from 1 to 100')
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') refuse('order', 'must be asc or desc')
  const ordered = order === 'asc' ? items : items.toReversed()
  const after = query.get('after')
  const from = after === null ? 0 : ordered.findIndex((item) => item.id === after) + 1
  if (after !== null && from === 0) refuse('after', 'must be the id of an item of the list')
  const data = ordered.slice(from, from + limit).filter(isJsonObject)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: from + limit < ordered.length,
  }
}

function refuse(param: string, problem: string): never {
  throw new SluiceError('invalid_request', `cannot list the items: \`${param}\` ${problem}`, { param })
}
