import type { DialectName } from '../../src/dialects/index.ts'
import { eventParser } from '../../src/pipeline/index.ts'
import type { ProviderOptions } from '../../src/providers/index.ts'
import type { SseEvent } from '../../src/sse/index.ts'
import { isJsonObject, type JsonObject } from '../../src/tokens/index.ts'
import { decode, dialectNames, goldens } from '../fixtures/goldens.ts'

/** One answer of a provider, as it was on the wire. */
export interface Recording {
  name: string
  dialect: DialectName
  /** The model that answers, in the provider's word. */
  model: string
  /** What the gateway is told of the provider, beside its address. */
  provider: Partial<ProviderOptions>
  /** The bytes of its stream. */
  stream?: Uint8Array
  /** The bytes of it that go on to a client of its own language, to whom nothing is translated. */
  untouched?: Uint8Array
  /** The answer that was not streamed, as JSON. */
  whole?: string
  /** It is no whole answer, and whoever reads it has to learn that. */
  fails: boolean
  /** Where no SDK reads the stream: its events, each `{name: payload}`. */
  events?: JsonObject[]
}

/** The streams that were written by hand. Each goes with the preset of a vendor whose servers speak so. */
export function goldenRecordings(): Recording[] {
  const all = dialectNames.flatMap((dialect) => goldens(dialect).map((golden) => ({ dialect, ...golden })))
  return all
    .filter(({ dialect, name }) => !Object.hasOwn(unread, `${dialect}/${name}`))
    .map(({ dialect, name, bytes }) => {
      const fails = decode(dialect, [bytes]).at(-1)?.type === 'error'
      const goesOn = !fails && dialect !== 'bedrock-converse' && !Object.hasOwn(mended, `${dialect}/${name}`)
      return {
        name: `${dialect}/${name}`,
        dialect,
        model: 'model-1',
        provider: goldenProviders[name] ?? { dialect },
        stream: bytes,
        fails,
        ...(goesOn && { untouched: bytes }),
        ...(dialect === 'bedrock-converse' && { events: converseEvents(bytes) }),
      }
    })
}

/** Streams in which sluice reads an answer although the SDK of the vendor gives up, or reads another, and why it does. */
const unread: Record<string, string> = {
  'anthropic-messages/counts-only-at-the-end': 'a second message_delta takes the reason of the end back',
  'anthropic-messages/deltas-before-their-start': 'a delta has no block',
  'anthropic-messages/no-event-names': 'events without a name are passed over',
  'anthropic-messages/no-message-stop': 'the message is never closed',
  'gemini/odd-chunks': 'the end marker of another language is no JSON',
  'ollama/prompt-form': 'it is the answer to another call than a chat',
  'bedrock-converse/input-for-no-call': 'what belongs to no call is passed over',
}

/** Streams of which a client of the same language gets all but what could harm it. */
const mended: Record<string, string> = {
  'anthropic-messages/two-message-starts': 'a message begins once',
  'openai-responses/items-only-whole': 'the last event holds what was said',
  'openai-responses/unknown-events': 'signs of life are sluice’s own, and nothing stands behind the end',
  'ollama/crlf-and-blank-lines': 'there are no blank lines',
  'ollama/no-last-line-end': 'the last line ends',
}

const goldenProviders: Record<string, Partial<ProviderOptions>> = {
  'azure-filters': { kind: 'azure' },
  'listed-pages': { kind: 'perplexity' },
  'mistral-thinking-parts': { kind: 'mistral' },
  'openrouter-reasoning-details': { kind: 'openrouter' },
}

function converseEvents(bytes: Uint8Array): JsonObject[] {
  const events: JsonObject[] = []
  const take = ({ event, data }: SseEvent): void => {
    let payload: unknown
    try {
      payload = JSON.parse(data)
    } catch {}
    // What cannot be read is no event of the answer.
    events.push(isJsonObject(payload) ? { [event]: payload } : { exception: {} })
  }
  const parser = eventParser('aws-event-stream', {})
  try {
    parser.push(bytes, take)
    parser.end(take)
  } catch {
    events.push({ exception: {} })
  }
  return events
}
