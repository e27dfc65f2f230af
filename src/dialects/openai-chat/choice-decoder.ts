import { SluiceError } from '../../errors/index.ts'
import type { Emit } from '../../flow/index.ts'
import {
  type Finish,
  isJsonObject,
  type Json,
  type JsonObject,
  type LogProb,
  type Opaque,
  type StreamToken,
} from '../../tokens/index.ts'
import type { DecodeOptions } from '../dialect.ts'
import { filled, splitDataUrl } from '../lenient.ts'
import { CallDecoder } from './call-decoder.ts'
import { brokenFinish, decodeFinish } from './finish.ts'
import { pageShape } from './page-list.ts'
import { ToldFacts } from './told-facts.ts'
import { dialectName } from './wire.ts'

type Prose = 'text' | 'refusal' | 'reasoning'

/** Fields of a choice that become tokens of their own, or mean nothing. */
const knownChoice = new Set(['index', 'delta', 'message', 'finish_reason', 'logprobs', 'usage', 'stop_reason', 'text'])

/** Fields of a delta that become tokens of their own; any other becomes metadata. */
const knownDelta = new Set([
  'role',
  'content',
  'refusal',
  'reasoning_content',
  'reasoning',
  'reasoning_text',
  'reasoning_details',
  'reasoning_opaque',
  'tool_calls',
  'function_call',
  'audio',
  'annotations',
  'images',
  'index',
])

/**
 * The blocks of one choice. Text, refusal and reasoning follow each other, each change of kind a new block; calls may
 * stay open beside them, since a server may come back to any call by its number.
 */
export class ChoiceDecoder {
  readonly choice: number
  readonly #options: DecodeOptions
  readonly #calls: CallDecoder
  #next = 0
  #open: { kind: Prose; index: number } | undefined
  #audio: number | undefined
  /** The opening words of the reasoning block's text entries, where they have any: wanted back with its state. */
  #textHead: JsonObject | undefined
  /** The open block of reasoning has its signature. */
  #signed = false
  /** The pages that annotations have named. */
  #named: Set<string> | undefined
  #finishWord: string | undefined
  #stopSequence: string | undefined
  #ended = false
  readonly facts = new ToldFacts(knownChoice)

  constructor(choice: number, options: DecodeOptions) {
    this.choice = choice
    this.#options = options
    this.#calls = new CallDecoder(choice, options, () => this.#next++)
  }

  get hasFinishWord(): boolean {
    return this.#finishWord !== undefined
  }

  get ended(): boolean {
    return this.#ended
  }

  /** @throws SluiceError when the finish word says that the answer broke */
  finishWord(word: string): void {
    const broken = brokenFinish(word)
    if (broken) throw broken
    // Some servers say `stop` after `tool_calls` or `length`: the first word is the one that means something.
    if (this.#finishWord === undefined || this.#finishWord.toLowerCase() === 'stop') this.#finishWord = word
  }

  stopSequence(text: string): void {
    this.#stopSequence = text
  }

  /** In the order in which a model speaks: reasoning, content, calls. A server may put all of it into one delta. */
  delta(delta: JsonObject, logprobs: Json | undefined, emit: Emit<StreamToken>): void {
    const details = Array.isArray(delta.reasoning_details) ? delta.reasoning_details.filter(isJsonObject) : none
    const said = details.some((one) => detailText(one) !== '')
    const text = filled(delta.reasoning_content) ?? filled(delta.reasoning) ?? filled(delta.reasoning_text)
    if (!said && text !== undefined) this.prose('reasoning', text, emit)
    for (const one of details) this.#detail(one, emit)
    const { reasoning_opaque } = delta
    // Copilot's form of state, kept under the name that it has to come back by.
    if (filled(reasoning_opaque)) this.#opaque({ kind: 'signature', value: JSON.stringify({ reasoning_opaque }) }, emit)

    this.#content(delta.content, logprobs, said || text !== undefined, emit)
    const refusal = filled(delta.refusal)
    if (refusal !== undefined) this.prose('refusal', refusal, emit, logProbs(logprobs, 'refusal'))
    if (Array.isArray(delta.annotations)) this.#annotations(delta.annotations, emit)

    const calls = isJsonObject(delta.tool_calls) ? [delta.tool_calls] : delta.tool_calls
    if (Array.isArray(calls)) for (const call of calls) if (isJsonObject(call)) this.#call(call, emit)
    if (calls && !Array.isArray(calls)) throw wrongType('tool_calls', calls)
    if (isJsonObject(delta.function_call)) this.#call({ index: 0, function: delta.function_call }, emit)
    if (isJsonObject(delta.audio)) this.#audioDelta(delta.audio, emit)
    if (Array.isArray(delta.images)) for (const image of delta.images) this.#image(image, emit)
    for (const key in delta) {
      // Seldom, so the list of all keys is made only now.
      if (!knownDelta.has(key)) {
        this.#rest(delta, emit)
        break
      }
    }
  }

  /** The fast path ends here too. */
  prose(kind: Prose, text: string, emit: Emit<StreamToken>, logprobs?: LogProb[]): void {
    const { choice } = this
    const index = this.#open?.kind === kind ? this.#open.index : this.#start(kind, emit)
    if (kind === 'reasoning') emit({ type: 'reasoning-delta', choice, index, text })
    else if (logprobs) emit({ type: 'text-delta', choice, index, text, logprobs })
    else emit({ type: 'text-delta', choice, index, text })
  }

  /** The next arguments of the call that got the latest ones; false when that call is closed. */
  args(key: number | undefined, text: string, emit: Emit<StreamToken>): boolean {
    return this.#calls.args(key, text, emit)
  }

  /** Closes what is open. */
  close(emit: Emit<StreamToken>): void {
    this.#closeProse(emit)
    this.#calls.close(emit)
    if (this.#audio !== undefined) emit({ type: 'media-end', choice: this.choice, index: this.#audio })
    this.#audio = undefined
  }

  /** Pages that were listed beside the answer: those that no annotation has named are sources of its text. */
  cite(pages: Iterable<JsonObject>, emit: Emit<StreamToken>): void {
    for (const citation of pages) {
      if (!this.#named?.has(citation.url as string)) this.#citation(pageShape, citation, emit)
    }
  }

  finish(emit: Emit<StreamToken>): void {
    this.close(emit)
    this.#ended = true
    const finish: Finish = decodeFinish(this.#finishWord, this.#calls.any, this.#stopSequence)
    emit({ type: 'finish', choice: this.choice, ...finish })
  }

  #content(content: Json | undefined, logprobs: Json | undefined, thought: boolean, emit: Emit<StreamToken>): void {
    if (typeof content === 'string') {
      const probs = logProbs(logprobs, 'content')
      if (content !== '' || probs) this.prose('text', content, emit, probs)
      return
    }
    if (!Array.isArray(content)) {
      if (content) throw wrongType('content', content)
      // Those of a call come without a text of their own.
      const probs = thought ? undefined : logProbs(logprobs, 'content')
      if (probs) this.prose('text', '', emit, probs)
      return
    }
    // Mistral sends parts.
    for (const part of content) {
      if (typeof part === 'string') {
        if (part !== '') this.prose('text', part, emit)
        continue
      }
      if (!isJsonObject(part)) continue
      if (part.type === 'thinking') {
        const inner = Array.isArray(part.thinking) ? part.thinking : [part.thinking]
        for (const one of inner) {
          const text = isJsonObject(one) ? filled(one.text) : filled(one)
          if (text !== undefined) this.prose('reasoning', text, emit)
        }
      } else if (filled(part.text) !== undefined) {
        this.prose('text', filled(part.text)!, emit)
      } else if (part.type !== 'text') {
        emit({
          type: 'metadata',
          dialect: dialectName,
          choice: this.choice,
          fields: { delta: { content_parts: [part] } },
        })
      }
    }
  }

  /** One entry of `reasoning_details`: its text goes with the reasoning, and what must come back becomes state. */
  #detail(detail: JsonObject, emit: Emit<StreamToken>): void {
    const text = detailText(detail)
    const { text: _, summary: __, signature, ...head } = detail
    if (text !== '') {
      // A signature vouches for what came before it: more text is another block.
      if (this.#signed) this.#closeProse(emit)
      this.prose('reasoning', text, emit)
      this.#textHead = head
    }
    if (filled(signature) !== undefined) {
      this.#opaque({ kind: 'signature', value: JSON.stringify({ ...head, signature }) }, emit)
      this.#signed = true
    } else if (filled(detail.data) !== undefined) {
      const { type } = head
      const value = this.#textHead && type !== this.#textHead.type ? [this.#textHead, detail] : detail
      this.#opaque({ kind: 'encrypted', value: JSON.stringify(value) }, emit)
    }
  }

  #opaque(opaque: Opaque, emit: Emit<StreamToken>): void {
    const { vendor, family } = this.#options
    const index = this.#open?.kind === 'reasoning' ? this.#open.index : this.#start('reasoning', emit)
    emit({ type: 'opaque', choice: this.choice, index, vendor, family, ...opaque })
    // The text's head goes back with the first value behind it.
    this.#textHead = undefined
  }

  #annotations(annotations: Json[], emit: Emit<StreamToken>): void {
    for (const citation of annotations) {
      if (!isJsonObject(citation)) continue
      const url = isJsonObject(citation.url_citation) ? filled(citation.url_citation.url) : undefined
      if (url !== undefined) this.#named = (this.#named ?? new Set()).add(url)
      this.#citation(dialectName, citation, emit)
    }
  }

  #citation(dialect: string, citation: JsonObject, emit: Emit<StreamToken>): void {
    const index = this.#open?.kind === 'text' ? this.#open.index : this.#start('text', emit)
    emit({ type: 'citation', choice: this.choice, index, dialect, citation })
  }

  #call(entry: JsonObject, emit: Emit<StreamToken>): void {
    if (this.#open && this.#calls.opens(entry)) this.#closeProse(emit)
    this.#calls.push(entry, emit)
  }

  #audioDelta(audio: JsonObject, emit: Emit<StreamToken>): void {
    const { choice } = this
    if (this.#audio === undefined) {
      this.#closeProse(emit)
      this.#audio = this.#next++
      const id = filled(audio.id)
      emit({ type: 'media-start', choice, index: this.#audio, kind: 'audio', ...(id !== undefined && { id }) })
    }
    const data = filled(audio.data)
    const transcript = filled(audio.transcript)
    const expiresAt = typeof audio.expires_at === 'number' ? audio.expires_at : undefined
    if (data === undefined && transcript === undefined && expiresAt === undefined) return
    emit({
      type: 'media-delta',
      choice,
      index: this.#audio,
      ...(data !== undefined && { data }),
      ...(transcript !== undefined && { transcript }),
      ...(expiresAt !== undefined && { expiresAt }),
    })
  }

  #image(image: Json, emit: Emit<StreamToken>): void {
    const { choice } = this
    const url = isJsonObject(image) && isJsonObject(image.image_url) ? filled(image.image_url.url) : undefined
    const data = url === undefined ? undefined : splitDataUrl(url)
    if (!data) {
      emit({ type: 'metadata', dialect: dialectName, choice, fields: { delta: { images: [image] } } })
      return
    }
    this.#closeProse(emit)
    const index = this.#next++
    emit({ type: 'media-start', choice, index, kind: 'image', mediaType: data.mediaType })
    emit({ type: 'media-delta', choice, index, data: data.data })
    emit({ type: 'media-end', choice, index })
  }

  #rest(delta: JsonObject, emit: Emit<StreamToken>): void {
    let rest: JsonObject | undefined
    for (const key of Object.keys(delta)) {
      const value = delta[key]
      if (knownDelta.has(key) || value === null || value === undefined || value === '') continue
      rest = { ...rest, [key]: value }
    }
    if (rest) emit({ type: 'metadata', dialect: dialectName, choice: this.choice, fields: { delta: rest } })
  }

  #start(kind: Prose, emit: Emit<StreamToken>): number {
    this.#closeProse(emit)
    this.#calls.closeWhole(emit)
    const { choice } = this
    const index = this.#next++
    this.#open = { kind, index }
    if (kind === 'reasoning') emit({ type: 'reasoning-start', choice, index })
    else if (kind === 'refusal') emit({ type: 'text-start', choice, index, refusal: true })
    else emit({ type: 'text-start', choice, index })
    return index
  }

  #closeProse(emit: Emit<StreamToken>): void {
    if (!this.#open) return
    const { kind, index } = this.#open
    this.#open = undefined
    this.#textHead = undefined
    this.#signed = false
    emit({ type: kind === 'reasoning' ? 'reasoning-end' : 'text-end', choice: this.choice, index })
  }
}

const none: JsonObject[] = []

function detailText(detail: JsonObject): string {
  return filled(detail.text) ?? filled(detail.summary) ?? ''
}

function logProbs(logprobs: Json | undefined, key: 'content' | 'refusal'): LogProb[] | undefined {
  if (!isJsonObject(logprobs)) return undefined
  const list = logprobs[key]
  return Array.isArray(list) && list.length > 0 ? (list as unknown as LogProb[]) : undefined
}

/** What would be lost in silence otherwise: an answer without it would look whole. */
function wrongType(key: string, value: Json): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the stream: \`${key}\` of a delta is of type ${typeof value}`,
  )
}
