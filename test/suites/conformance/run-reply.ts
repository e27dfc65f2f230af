import { isDeepStrictEqual } from 'node:util'
import type { DecodeOptions, DialectName, EncodedRequest, Warning } from '../../../src/dialects/index.ts'
import { SluiceError } from '../../../src/errors/index.ts'
import { type ChatReply, type FinishToken, fold, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'
import type { Form, Outcome, ReplyFeature } from './feature.ts'
import { grade, refused, unsayable, unsupported } from './outcome.ts'
import { bodyOf, requestOf, type Sent, send } from './send.ts'
import { clientReply, clientStream, providerReply, providerStream, readReply, readStream } from './wire.ts'

/** From the provider's answer to the client's. */
export function runReply(feature: ReplyFeature, client: string, upstream: string, form: Form): Outcome {
  const request = requestOf(client, form, feature.asked ?? {})
  const customs = request.tools.flatMap((tool) => (tool.kind === 'custom' ? [tool.name] : []))
  let sent: Sent
  let body: JsonObject
  try {
    body = bodyOf(client, request)
  } catch (error) {
    return unsayable('client', unsupported(error).message)
  }
  try {
    sent = send(client, upstream, body, request)
  } catch (error) {
    return refused(error)
  }
  const { encoded, kept, read } = sent
  if (customs.length > 0 && read.tools.every(({ kind }) => kind !== 'custom')) return unsayable('client', read.tools)
  const names = (tools: typeof read.tools) => tools.map(({ name }) => name)
  if (!isDeepStrictEqual(names(read.tools), names(request.tools))) return unsayable('client', names(read.tools))
  const tokens = wrapped(feature.tokens(upstream as DialectName), encoded)
  const more = {
    ...(encoded.customTools && { customTools: encoded.customTools }),
    ...(encoded.toolNames && { toolNames: encoded.toolNames }),
    choices: request.choices ?? 1,
  }
  const warnings: Warning[] = []
  const road: Road = { feature, client, upstream, tokens, customs, kept, more, warn: (one) => warnings.push(one) }
  if (feature.disturbed === 'truncated') return brokenOff(road)
  const want = feature.read(fold(feature.tokens(upstream as DialectName)))
  const [heard, found] = form === 'whole' ? whole(road) : streamed(road)
  if (!isDeepStrictEqual(heard, want)) return unsayable('provider', heard)
  // That an event which nobody knows goes no further is what it should do.
  return grade(found?.(), want, feature.disturbed === 'unknown-event' ? [] : warnings)
}

interface Road {
  feature: ReplyFeature
  client: string
  upstream: string
  /** What the provider says. */
  tokens: StreamToken[]
  /** The client's tools of free text. */
  customs: readonly string[]
  kept: JsonObject | undefined
  more: Partial<DecodeOptions>
  warn: (warning: Warning) => void
}

/** What is heard of the provider, and how to find out what reaches the client. */
type Heard = [heard: unknown, found: (() => unknown) | undefined]

function whole({ feature, client, upstream, tokens, customs, kept, more, warn }: Road): Heard {
  const said = replyOr(() => readReply(upstream, providerReply(upstream, fold(tokens)), more))
  if (typeof said === 'string') return [said, undefined]
  const back = () => readReply(client, clientReply(client, said, kept, warn), choicesOf(more))
  return [feature.read(said), () => foundBy(feature, customs, back)]
}

function streamed({ feature, client, upstream, tokens, customs, kept, more, warn }: Road): Heard {
  const bytes = providerStream(upstream, tokens, { unknownEvent: feature.disturbed === 'unknown-event' })
  const said = readStream(upstream, bytes, 'provider', more)
  const reply = replyOr(() => fold(said))
  if (typeof reply === 'string') return [reply, undefined]
  const back = () => fold(readStream(client, clientStream(client, said, kept, warn), 'client', choicesOf(more)))
  return [feature.read(reply), () => foundBy(feature, customs, back)]
}

function choicesOf({ choices = 1 }: Partial<DecodeOptions>): { choices: number } {
  return { choices }
}

function foundBy(feature: ReplyFeature, customs: readonly string[], reply: () => ChatReply): unknown {
  const found = replyOr(reply)
  return typeof found === 'string' ? found : feature.read(unwrapped(found, customs))
}

/** An answer that is told as a failure is the code of that. */
function replyOr(reply: () => ChatReply): ChatReply | string {
  try {
    return reply()
  } catch (error) {
    if (SluiceError.is(error) && error.code.startsWith('upstream_')) return error.code
    throw error
  }
}

/** A broken answer has to break for the client too, with what came of it. */
function brokenOff({ client, upstream, tokens, kept, more, warn }: Road): Outcome {
  const said = readStream(upstream, providerStream(upstream, tokens, { keep: 0.6 }), 'provider', more)
  const found = readStream(client, clientStream(client, said, kept, warn), 'client', choicesOf(more))
  const finished = (tokens: StreamToken[]) => tokens.some((token): token is FinishToken => token.type === 'finish')
  const text = (tokens: StreamToken[]) =>
    tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')
  const fine = [said, found].every((tokens) => tokens.at(-1)?.type === 'error' && !finished(tokens))
  if (fine && text(said) !== '' && text(said) === text(found)) return { grade: 'full', told: [] }
  return { grade: 'partial', told: [], found: JSON.stringify(found.map(({ type }) => type)) }
}

/**
 * What the provider says, who knows the tools by the names of its request, and one of free text as a function where its
 * language has no other.
 */
function wrapped(tokens: StreamToken[], { customTools, toolNames = new Map() }: EncodedRequest): StreamToken[] {
  const wireNames = new Map<string, string>([...toolNames].map(([wire, name]) => [name, wire]))
  const open = new Set<number>()
  return tokens.map((token) => {
    if (token.type === 'tool-call-start') {
      const name = wireNames.get(token.name) ?? token.name
      if (!customTools?.has(token.name)) return { ...token, name }
      open.add(token.index)
      return { ...token, name, kind: 'function' as const }
    }
    if (token.type === 'tool-call-delta' && open.has(token.index)) {
      return { ...token, arguments: JSON.stringify({ input: token.arguments }) }
    }
    return token
  })
}

/** The same on the client's side, which knows which of its tools are of that kind. */
function unwrapped(reply: ChatReply, customs: readonly string[]): ChatReply {
  for (const { parts } of reply.choices) {
    for (const part of parts) {
      if (part.type !== 'tool-call' || part.kind === 'custom' || !customs.includes(part.name)) continue
      const { input } = JSON.parse(part.arguments) as { input?: unknown }
      if (typeof input === 'string') Object.assign(part, { kind: 'custom', arguments: input })
    }
  }
  return reply
}
