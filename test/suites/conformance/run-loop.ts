import type { DialectName } from '../../../src/dialects/index.ts'
import { ReasoningMemory } from '../../../src/gateway/reasoning-memory.ts'
import {
  type AssistantPart,
  type ChatReply,
  type ChatRequest,
  fold,
  type JsonObject,
  type Opaque,
  type StreamToken,
} from '../../../src/tokens/index.ts'
import type { Form, LoopFeature, Outcome } from './feature.ts'
import { refused, unsayable, unsupported } from './outcome.ts'
import { clientDialect, targetOf, upstreamNames } from './parties.ts'
import { bodyOf, requestOf, send } from './send.ts'
import { clientReply, clientStream, providerReply, providerStream, readReply, readStream } from './wire.ts'

/** Base64, as the vendors' values are; found again in the body of the next request. */
const secret = 'U2VjcmV0U3RhdGVPZlRoZVZlbmRvcg=='

const tool = { kind: 'function' as const, name: 'look', parameters: { type: 'object' } as JsonObject }

/** Asks, gets an answer that calls a tool and carries state, answers the call, and looks whether the state came back. */
export function runLoop(feature: LoopFeature, client: string, upstream: string, form: Form): Outcome {
  const more = { tools: [tool], reasoning: { effort: 'high' as const, visible: true } }
  const first = requestOf(client, form, more)
  const memory = new ReasoningMemory({ keepMs: 1000, characters: 100_000 }, () => 0)
  const rebuildsHistory = clientDialect(client).client.rebuildsHistory && !feature.handedBack
  try {
    const { kept } = send(client, upstream, bodyOf(client, first), first)
    const tokens = answer(feature, upstream as DialectName)
    let found: ChatReply
    if (form === 'whole') {
      const said = readReply(
        upstream,
        JSON.parse(bare(upstream, JSON.stringify(providerReply(upstream, fold(tokens))))) as JsonObject,
        {},
      )
      if (!JSON.stringify(statesOf(said)).includes(secret)) return unsayable('provider', statesOf(said))
      if (rebuildsHistory) memory.remember(() => 'me', said)
      found = readReply(
        client,
        clientReply(client, said, kept, () => {}),
        {},
      )
    } else {
      const said = readStream(upstream, native(upstream, providerStream(upstream, tokens, {})), 'provider', {})
      if (!JSON.stringify(statesOf(fold(said))).includes(secret)) return unsayable('provider', statesOf(fold(said)))
      const follower = memory.follow(() => 'me')
      if (rebuildsHistory) for (const token of said) follower.push(token)
      found = fold(
        readStream(
          client,
          clientStream(client, said, kept, () => {}),
          'client',
          {},
        ),
      )
    }
    const second = requestOf(client, form, { ...more, messages: historyOf(first, found, rebuildsHistory) })
    const sent = send(
      client,
      feature.elsewhere ? anotherThan(upstream) : upstream,
      bodyOf(client, second),
      second,
      (request) => memory.restoreKnown(() => 'me', request),
    )
    const body = JSON.stringify(sent.encoded.body)
    if (feature.handedBack && !/"opaque":/.test(JSON.stringify(sent.read.messages))) return unsayable('client', body)
    if (feature.elsewhere && !/slc1|c2xjMS/.test(body) && !body.includes(secret)) return { grade: 'full', told: [] }
    if (feature.elsewhere || body.includes('slc1.') || !body.includes(secret))
      return { grade: 'partial', told: [], found: body }
    return { grade: 'full', told: [] }
  } catch (error) {
    return refused(unsupported(error))
  }
}

function answer({ kind, on, veiled }: LoopFeature, upstream: DialectName): StreamToken[] {
  const at = { choice: 0, index: 0 }
  const call = { choice: 0, index: 1 }
  const { vendor, family } = targetOf(upstream)
  const value =
    upstream === 'openai-responses'
      ? JSON.stringify({ type: 'reasoning', id: 'rs_1', encrypted_content: secret })
      : secret
  const state = { type: 'opaque' as const, vendor, family, kind, value }
  return [
    { type: 'message-start', id: 'a1', model: 'model-1' },
    { type: 'reasoning-start', ...at },
    ...(kind === 'redacted' || veiled ? [] : [{ type: 'reasoning-delta' as const, ...at, text: 'Let me look.' }]),
    ...(on === 'reasoning' ? [{ ...state, ...at }] : []),
    { type: 'reasoning-end', ...at },
    { type: 'tool-call-start', ...call, id: 'call_1', name: 'look', kind: 'function' },
    { type: 'tool-call-delta', ...call, arguments: '{"at":"it"}' },
    ...(on === 'call' ? [{ ...state, ...call }] : []),
    { type: 'tool-call-end', ...call },
    { type: 'finish', choice: 0, reason: 'tool_calls' },
    { type: 'usage', usage: { input: 1, output: 1 } },
  ]
}

/** A provider that cannot read what the vendor of `upstream` wrote. */
function anotherThan(upstream: string): string {
  return upstreamNames.find((name) => name !== upstream && targetOf(name).vendor !== targetOf(upstream).vendor)!
}

/** Servers of this language put state of their own where sluice puts an envelope. */
function bare(upstream: string, text: string): string {
  return upstream === 'openai-chat'
    ? text.replaceAll(/slc1[\w.%-]+/g, secret).replaceAll('sluice-v1', 'vendor-v1')
    : text
}

function native(upstream: string, bytes: Uint8Array): Uint8Array {
  if (upstream !== 'openai-chat') return bytes
  return new TextEncoder().encode(bare(upstream, new TextDecoder().decode(bytes)))
}

function statesOf(reply: ChatReply): Opaque[] {
  return reply.choices.flatMap(({ parts }) =>
    parts.flatMap((part) => ('opaque' in part && part.opaque ? part.opaque : [])),
  )
}

/** The conversation as a client goes on with it. Those that build it anew know only what their fields hold. */
function historyOf(first: ChatRequest, reply: ChatReply, rebuilds: boolean): ChatRequest['messages'] {
  const parts = (reply.choices[0]?.parts ?? []).flatMap((part): AssistantPart[] => {
    switch (part.type) {
      case 'text':
        return [{ type: 'text', text: part.text, ...(part.opaque && { opaque: part.opaque }) }]
      case 'reasoning': {
        const [opaque] = part.opaque ?? []
        if (rebuilds) return []
        return [{ type: 'reasoning', text: part.text, ...(opaque && { opaque }) }]
      }
      case 'tool-call': {
        const { type, id, name, kind, opaque } = part
        return [{ type, id, name, kind, arguments: part.arguments, ...(opaque && !rebuilds && { opaque }) }]
      }
      default:
        return []
    }
  })
  const calls = parts.filter((part) => part.type === 'tool-call')
  return [
    ...first.messages,
    { role: 'assistant', parts },
    {
      role: 'tool',
      parts: calls.map(({ id }) => ({ type: 'tool-result', id, content: [{ type: 'text', text: 'seen' }] })),
    },
  ]
}
