import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, isJsonObject, type Json, type Message } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'

/** Fields of the request on which the answer depends, and what they hold that no other API can see. */
const bound: Record<string, string> = {
  thread: 'a thread that the upstream keeps',
  container: 'a container that the upstream keeps',
  mcp_servers: 'MCP servers that the upstream calls',
}

/** Blocks that stand for something the model is meant to know, where only this API can read it. */
const boundBlocks: Record<string, string> = {
  container_upload: 'a file in a container that the upstream keeps',
  compaction: 'a compacted history',
}

/** Fields of parts that say nothing to a model. */
const silent: ReadonlySet<string> = new Set(['caller', 'type'])

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` */
export function leave(request: ChatRequest): Warning[] {
  for (const [field, what] of Object.entries(bound)) if (isSet(request.extra.fields[field])) refuse(field, what)
  const { toolChoice } = request
  if (toolChoice?.mode === 'one') {
    const forced = request.tools.find((tool) => tool.name === toolChoice.name)
    if (forced?.kind === 'hosted') refuse('tool_choice', `the hosted tool "${forced.name}"`)
  }
  const warnings: Warning[] = []
  for (const [index, message] of request.messages.entries()) leaveMessage(message, `messages[${index}]`, warnings)
  return warnings
}

function leaveMessage(message: Message, at: string, warnings: Warning[]): void {
  for (const part of message.parts) {
    if (part.type === 'hosted') {
      const type = String(part.block.type)
      const what = boundBlocks[type]
      if (what) refuse(`${at}.content`, what)
    } else if ('extra' in part && part.extra && part.extra.type !== 'search_result') {
      for (const field of Object.keys(part.extra)) {
        if (silent.has(field) || field === 'source') continue
        if (field === 'citations' && isJsonObject(part.extra.citations) && part.extra.citations.enabled === false)
          continue
        warnings.push({ field: `${at}.content.${field}`, action: 'dropped', reason: 'only the Messages API knows it' })
      }
    }
  }
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0)
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
