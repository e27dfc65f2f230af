import { type AskedFor, type ProviderLessons, readEvidence } from '../capabilities/index.ts'
import type { Traits } from '../dialects/index.ts'
import { SluiceError, StreamingError } from '../errors/index.ts'
import { isJsonObject, type JsonObject } from '../tokens/index.ts'
import type { Progress } from './delivery/relay.ts'
import type { Plan } from './plan.ts'

/** What one request teaches about the model that it went to. All of it is free: nobody is asked twice to find out. */
export class Lessons {
  readonly #known: ProviderLessons
  /** How the first way was refused, in the words of the provider. */
  #refused: string | undefined
  #optionsRefused = false
  /** For this request a stream is out of the question. */
  streamRefused = false

  constructor(known: ProviderLessons) {
    this.#known = known
  }

  /**
   * A refusal. True: it was one of the way in which the model was asked, that is learned now, and asking in another way
   * may do.
   *
   * @throws StreamingError `detection_failed` where there is no way left
   */
  refused({ target, asksStream }: Plan, body: JsonObject, status: number, text: string, continuing = false): boolean {
    const { model, traits } = target
    const evidence = readEvidence(status, text, askedFor(model, body, asksStream, traits, continuing))
    if (!evidence) return false
    const { cannot, said } = evidence
    if (cannot === 'stream_options') {
      // Something was refused that was not even sent, or is sent whatever was learned: the words mean another thing.
      if (traits.streamUsage === false || this.#optionsRefused) return false
      this.#optionsRefused = true
    } else if (cannot !== 'prefill' && this.#refused !== undefined) {
      for (const one of ['stream', 'tool_stream', 'whole'] as const) this.#known.doubt(model, one)
      // What is said of both ways is not said of the way.
      if (this.#refused === said) return false
      throw contradiction(model, this.#refused, said)
    }
    const knew = this.#known.known(model, cannot) === false
    this.#known.learn(model, cannot, false, said)
    // A client's own beginning is the client's affair; ours can be said in another way.
    if (cannot === 'prefill') return continuing && !knew
    if (cannot !== 'stream_options') this.#refused = said
    if (cannot === 'stream' || cannot === 'tool_stream') this.streamRefused = true
    return true
  }

  /** An event stream has begun to come. */
  streams({ target, asksStream, upstream }: Plan, tools: boolean): void {
    // Who streams without having been asked says nothing of what happens when it is.
    if (!asksStream) return
    const { model, traits } = target
    this.#known.learn(model, 'stream', true, 'answered with a stream of events')
    // Tools that were told in words are none to the provider.
    if (tools && !traits.emulateTools)
      this.#known.learn(model, 'tool_stream', true, 'answered with a stream, with tools on offer')
    if (upstream.name === 'openai-chat' && traits.streamUsage !== false) {
      this.#known.learn(model, 'stream_options', true, 'answered with a stream, with `stream_options` sent')
    }
  }

  /** A good answer has come in one piece. */
  answeredWhole({ target, asksStream }: Plan): void {
    if (asksStream) this.#known.learn(target.model, 'stream', false, 'answered in one piece, asked for a stream')
    else this.#known.learn(target.model, 'whole', true, 'answered in one piece')
  }

  /** A stream is over: whether it came in pieces. Times in milliseconds. */
  arrived({ target }: Plan, { deltas }: Progress, waitedMs: number, tookMs: number): void {
    if (deltas < manyDeltas) return
    const long = waitedMs > slowMs
    if (tookMs > slowMs) this.#known.learn(target.model, 'pieces', true, 'its stream came while it was written')
    else if (long && tookMs < waitedMs / 50) {
      this.#known.learn(
        target.model,
        'pieces',
        false,
        `${deltas} pieces came at once, after ${Math.round(waitedMs)} ms`,
      )
    }
  }
}

function contradiction(model: string, first: string, then: string): StreamingError {
  return new StreamingError(
    'detection_failed',
    `cannot find out how to ask ${model}: it refused one way (${first}) and then the other (${then}); run \`sluice probe\` for it, and set \`force\` for the model if one way is right`,
  )
}

const manyDeltas = 32
const slowMs = 500

/** What of a request could be the reason of a refusal. */
function askedFor(
  model: string,
  body: JsonObject,
  stream: boolean,
  { streamUsage, emulateTools }: Traits,
  continuing: boolean,
): AskedFor {
  const last = Array.isArray(body.messages) ? body.messages.at(-1) : undefined
  return {
    model,
    stream,
    streamOptions: stream && streamUsage !== false,
    tools: !emulateTools && offersTools(body),
    prefill: continuing || (isJsonObject(last) && last.role === 'assistant'),
  }
}

/** Every dialect calls them so. */
export function offersTools({ tools }: JsonObject): boolean {
  return Array.isArray(tools) && tools.length > 0
}

/** What went wrong with a whole answer that was to stand in for a stream: it has been paid for, so nobody asks again. */
export function fallbackFailed(thrown: unknown): SluiceError {
  const error = SluiceError.from(thrown)
  if (error.code !== 'upstream_protocol' && error.code !== 'upstream_truncated') return error
  return new StreamingError(
    'fallback_failed',
    `cannot make a stream of the whole answer that came: ${error.message}; it may have been billed`,
    { cause: error },
  )
}
