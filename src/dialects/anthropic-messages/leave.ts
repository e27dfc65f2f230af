import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, isJsonObject, type Json, type Message } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'
import { isSet, lostFields, partsOf } from '../lost-fields.ts'

/** Fields of the request on which the answer depends, and what they hold that no other API can see. */
const bound: ReadonlyMap<string, string> = new Map([
  ['thread', 'a thread that the upstream keeps'],
  ['container', 'a container that the upstream keeps'],
  ['mcp_servers', 'MCP servers that the upstream calls'],
])

/** Blocks that stand for something the model is meant to know, where only this API can read it. */
const boundBlocks: ReadonlyMap<string, string> = new Map([
  ['container_upload', 'a file in a container that the upstream keeps'],
  ['compaction', 'a compacted history'],
])

/** Fields of parts and tools that say nothing to a model, marks that are translated, and `source`, which is read. */
const silent: ReadonlySet<string> = new Set(['caller', 'type', 'source', 'cache_control', 'eager_input_streaming'])

/** A search result is kept whole beside what is read of it. */
const silentInSearch: ReadonlySet<string> = new Set([...silent, 'title', 'content'])

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` */
export function leave(request: ChatRequest): Warning[] {
  for (const [field, what] of bound) if (isSet(request.extra.fields[field])) refuse(field, what)
  const { toolChoice } = request
  if (toolChoice?.mode === 'one') {
    const forced = request.tools.find((tool) => tool.name === toolChoice.name)
    if (forced?.kind === 'hosted') refuse('tool_choice', `the hosted tool "${forced.name}"`)
  }
  return [
    ...request.messages.flatMap((message, index) => leaveMessage(message, `messages[${index}].content`)),
    ...request.tools.flatMap((tool, index) =>
      tool.kind === 'hosted' ? [] : lostFields(tool.extra, `tools[${index}]`, silent),
    ),
  ]
}

function leaveMessage(message: Message, at: string): Warning[] {
  const lost: Warning[] = []
  for (const part of partsOf(message)) {
    if (part.type === 'hosted') {
      const what = boundBlocks.get(String(part.block.type))
      if (what) refuse(at, what)
      continue
    }
    if (part.type === 'text') lost.push(...lostFields({ citations: part.citations as Json[] }, at, silent))
    if (!('extra' in part) || !part.extra) continue
    const { citations, ...extra } = part.extra
    lost.push(...lostFields(extra, at, extra.type === 'search_result' ? silentInSearch : silent))
    if (isJsonObject(citations) && citations.enabled !== false) lost.push(...lostFields({ citations }, at, silent))
  }
  return lost
}

function refuse(field: string, what: string): never {
  throw new SluiceError(
    'unsupported',
    `cannot send the request to this model: \`${field}\` refers to ${what}, and the provider does not speak the Messages API; leave it out and send the whole conversation`,
    {
      param: field,
      // Anthropic's own clients read this and send the whole history instead.
      ...(field === 'thread' && { details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] } }),
    },
  )
}
