import type { CacheMarker, ChatRequest, Message, Tool } from '../../tokens/index.ts'
import type { Transformer } from '../chain/transformer.ts'
import { checkChoice, checkNumber } from '../transformers/option-checks.ts'

export interface CacheMarkersOptions {
  /** Behind the instructions. Default true. */
  system?: boolean
  /** Behind the tools. Default true. */
  tools?: boolean
  /** Behind the last turns of the user, results of tools included: how many of them. Default 2. */
  turns?: number
  /** How long the vendor keeps it: `5m`, `30m`, `1h` or `12h`. Default: the vendor's own. */
  ttl?: string
}

/** Vendors take no more, all together. */
const mostMarkers = 4

/**
 * Marks behind which the vendor caches the prompt, for clients that set none. A request that carries marks of its own is
 * left alone: who wrote it knows better. A provider that takes no marks does not get any.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const markers = cacheMarkers({ turns: 1 })
 */
export function cacheMarkers(options: CacheMarkersOptions = {}): Transformer {
  const { system = true, tools = true, turns = 2, ttl } = options
  checkNumber('turns', turns, 0)
  checkChoice('ttl', ttl, ['5m', '30m', '1h', '12h'])
  const cache: CacheMarker = ttl === undefined ? {} : { ttl: ttl as NonNullable<CacheMarker['ttl']> }
  return {
    name: 'cache-markers',
    request(request) {
      if (isMarked(request)) return request
      let after = request
      let left = mostMarkers
      const last = request.system.at(-1)
      if (system && last && last.text !== '') {
        left--
        after = { ...after, system: [...request.system.slice(0, -1), { ...last, cache }] }
      }
      const marked = tools && withMarkedTool(request.tools, cache)
      if (marked) {
        left--
        after = { ...after, tools: marked }
      }
      const messages = withMarkedTurns(request.messages, Math.min(turns, left), cache)
      return messages === request.messages ? after : { ...after, messages }
    },
  }
}

function isMarked({ system, messages, tools, cache }: ChatRequest): boolean {
  const marked = (one: object): boolean => 'cache' in one && one.cache !== undefined
  return (
    cache !== undefined ||
    system.some(marked) ||
    tools.some(marked) ||
    messages.some(({ parts }) =>
      parts.some((part) => marked(part) || (part.type === 'tool-result' && part.content.some(marked))),
    )
  )
}

function withMarkedTool(tools: readonly Tool[], cache: CacheMarker): Tool[] | undefined {
  const at = tools.findLastIndex(({ kind }) => kind !== 'hosted')
  const tool = tools[at]
  return tool && tool.kind !== 'hosted' ? tools.with(at, { ...tool, cache }) : undefined
}

function withMarkedTurns(messages: Message[], turns: number, cache: CacheMarker): Message[] {
  let after = messages
  let left = turns
  for (let i = messages.length - 1; i >= 0 && left >= 1; i--) {
    const message = messages[i]!
    if (message.role !== 'user' && message.role !== 'tool') continue
    // A client's turn of results and text is two messages here, and one mark covers both.
    const one = after[i + 1] === messages[i + 1] ? marked(message, cache) : undefined
    if (!one) continue
    after = after.with(i, one)
    left--
  }
  return after
}

function marked(message: Message, cache: CacheMarker): Message | undefined {
  if (message.role === 'tool') {
    const last = message.parts.at(-1)
    return last && { ...message, parts: message.parts.with(-1, { ...last, cache }) }
  }
  if (message.role !== 'user') return undefined
  // An empty text can carry no mark, and what only one dialect knows is not touched.
  const at = message.parts.findLastIndex((part) => part.type !== 'hosted' && (part.type !== 'text' || part.text !== ''))
  const last = message.parts[at]
  return last && last.type !== 'hosted' ? { ...message, parts: message.parts.with(at, { ...last, cache }) } : undefined
}
