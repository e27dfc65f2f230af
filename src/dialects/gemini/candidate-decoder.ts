import type { Emit } from '../../flow/index.ts'
import { type Finish, isJsonObject, type JsonObject, type LogProb, type StreamToken } from '../../tokens/index.ts'
import { InputReader } from '../custom-input.ts'
import type { DecodeOptions } from '../dialect.ts'
import { filled, rest } from '../lenient.ts'
import { citationsOf } from './grounding.ts'
import { decodeLogprobs } from './logprobs.ts'
import { PartialArguments } from './partial-arguments.ts'
import { candidateFields, dialect, finishReasons, hasData, inventedId } from './wire.ts'

interface Open {
  kind: 'text' | 'reasoning'
  index: number
}

/** A call whose arguments are still coming, value by value. */
interface OpenCall {
  index: number
  name: string
  partial: PartialArguments
}

/** One candidate's parts as blocks. Each part brings new material: texts of one kind in a row are one block. */
export class CandidateDecoder {
  readonly #choice: number
  readonly #options: DecodeOptions
  #blocks = 0
  #open: Open | undefined
  #call: OpenCall | undefined
  #called = false
  #sources: JsonObject[] = []
  /** The vendor's word, once it is said. */
  #word: string | undefined
  #message: string | undefined
  finished = false

  constructor(choice: number, options: DecodeOptions) {
    this.#choice = choice
    this.#options = options
  }

  /** Whether it was said why the candidate ends. More of it may follow: some servers say it in every chunk. */
  get hasWord(): boolean {
    return this.#word !== undefined
  }

  read(wire: JsonObject, emit: Emit<StreamToken>): void {
    const facts = rest(wire, candidateFields)
    if (facts) {
      if (facts.groundingMetadata || facts.citationMetadata) this.#sources = citationsOf(facts)
      emit({ type: 'metadata', dialect, choice: this.#choice, fields: facts })
    }
    const parts = isJsonObject(wire.content) && Array.isArray(wire.content.parts) ? wire.content.parts : []
    const logprobs = decodeLogprobs(wire.logprobsResult)
    for (const [at, part] of parts.entries()) {
      if (isJsonObject(part)) this.#part(part, at === parts.length - 1 ? logprobs : undefined, emit)
    }
    if (logprobs && parts.length === 0) this.#text('text', '', logprobs, emit)
    const word = filled(wire.finishReason)
    if (word !== undefined && word !== 'FINISH_REASON_UNSPECIFIED') {
      this.#word = word
      this.#message = filled(wire.finishMessage)
    }
  }

  /** @param found why it ends where the candidate itself does not say it */
  finish(found: Finish | undefined, emit: Emit<StreamToken>): void {
    if (this.finished) return
    this.finished = true
    this.#endCall(emit)
    this.#close(emit)
    emit({ type: 'finish', choice: this.#choice, ...(found ?? this.#ending()) })
  }

  #ending(): Finish {
    const native = this.#word
    let reason: Finish['reason'] = native === undefined ? 'stop' : (finishReasons.get(native) ?? 'unknown')
    if (this.#called && (reason === 'stop' || reason === 'unknown')) reason = 'tool_calls'
    return {
      reason,
      ...(native !== undefined && { native }),
      ...(this.#message !== undefined && { details: { finishMessage: this.#message } }),
    }
  }

  #part(part: JsonObject, logprobs: LogProb[] | undefined, emit: Emit<StreamToken>): void {
    const signature = filled(part.thoughtSignature)
    if (isJsonObject(part.functionCall)) {
      this.#functionCall(part.functionCall, signature, emit)
      return
    }
    this.#endCall(emit)
    if (typeof part.text === 'string' || !hasData(part)) {
      const text = typeof part.text === 'string' ? part.text : ''
      const kind = part.thought === true ? 'reasoning' : 'text'
      if (signature === undefined) this.#text(kind, text, logprobs, emit)
      else this.#signed(kind, text, logprobs, signature, emit)
      return
    }
    this.#close(emit)
    const at = { choice: this.#choice, index: this.#blocks++ }
    const media = isJsonObject(part.inlineData) ? mediaOf(part.inlineData) : undefined
    if (!media) {
      emit({ type: 'hosted-result', ...at, dialect, block: part })
      return
    }
    const { kind, mediaType, data } = media
    emit({ type: 'media-start', ...at, kind, mediaType })
    emit({ type: 'media-delta', ...at, data })
    emit({ type: 'media-end', ...at })
    if (signature !== undefined) this.#signed('text', '', undefined, signature, emit)
  }

  #text(kind: Open['kind'], text: string, logprobs: LogProb[] | undefined, emit: Emit<StreamToken>): void {
    if (text === '' && !logprobs) return
    const { index } = this.#openFor(kind, emit)
    const at = { choice: this.#choice, index }
    if (kind === 'reasoning') emit({ type: 'reasoning-delta', ...at, text })
    else emit({ type: 'text-delta', ...at, text, ...(logprobs && { logprobs }) })
  }

  /** A part with a signature stays apart from those around it: merged it could not be given back as it was. */
  #signed(
    kind: Open['kind'],
    text: string,
    logprobs: LogProb[] | undefined,
    signature: string,
    emit: Emit<StreamToken>,
  ): void {
    this.#close(emit)
    const { index } = this.#openFor(kind, emit)
    this.#text(kind, text, logprobs, emit)
    this.#opaque(index, signature, emit)
    this.#close(emit)
  }

  #functionCall(call: JsonObject, signature: string | undefined, emit: Emit<StreamToken>): void {
    const name = filled(call.name)
    if (this.#call && (name === undefined || name === this.#call.name)) {
      this.#call.partial.add(call.partialArgs)
      if (signature !== undefined) this.#opaque(this.#call.index, signature, emit)
      if (call.willContinue !== true) this.#endCall(emit)
      return
    }
    this.#endCall(emit)
    if (name === undefined) return
    this.#close(emit)
    const index = this.#blocks++
    const clientName = this.#options.toolNames?.get(name) ?? name
    this.#called = true
    emit({
      type: 'tool-call-start',
      choice: this.#choice,
      index,
      id: filled(call.id) ?? newId(),
      name: clientName,
      kind: this.#options.customTools?.has(clientName) ? 'custom' : 'function',
    })
    if (signature !== undefined) this.#opaque(index, signature, emit)
    if (call.willContinue === true || Array.isArray(call.partialArgs)) {
      const partial = new PartialArguments()
      partial.add(call.partialArgs)
      this.#call = { index, name: clientName, partial }
      if (call.willContinue !== true) this.#endCall(emit)
      return
    }
    this.#arguments(index, clientName, isJsonObject(call.args) ? call.args : {}, emit)
  }

  #endCall(emit: Emit<StreamToken>): void {
    const call = this.#call
    if (!call) return
    this.#call = undefined
    this.#arguments(call.index, call.name, call.partial.args, emit)
  }

  #arguments(index: number, name: string, args: JsonObject, emit: Emit<StreamToken>): void {
    const at = { choice: this.#choice, index }
    const json = JSON.stringify(args)
    let text = json
    if (this.#options.customTools?.has(name)) {
      const reader = new InputReader()
      text = reader.push(json) + reader.end()
    }
    if (text !== '') emit({ type: 'tool-call-delta', ...at, arguments: text })
    emit({ type: 'tool-call-end', ...at })
  }

  #opaque(index: number, value: string, emit: Emit<StreamToken>): void {
    const { vendor, family } = this.#options
    emit({ type: 'opaque', choice: this.#choice, index, vendor, family, kind: 'signature', value })
  }

  #openFor(kind: Open['kind'], emit: Emit<StreamToken>): Open {
    if (this.#open?.kind === kind) return this.#open
    this.#close(emit)
    const open: Open = { kind, index: this.#blocks++ }
    this.#open = open
    emit({ type: kind === 'text' ? 'text-start' : 'reasoning-start', choice: this.#choice, index: open.index })
    return open
  }

  /** The sources of the answer so far go to the text that ends here. */
  #close(emit: Emit<StreamToken>): void {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    const at = { choice: this.#choice, index: open.index }
    if (open.kind === 'reasoning') {
      emit({ type: 'reasoning-end', ...at })
      return
    }
    for (const citation of this.#sources) emit({ type: 'citation', ...at, dialect, citation })
    this.#sources = []
    emit({ type: 'text-end', ...at })
  }
}

function mediaOf({
  mimeType,
  data,
}: JsonObject): { kind: 'audio' | 'image'; mediaType: string; data: string } | undefined {
  if (typeof mimeType !== 'string' || typeof data !== 'string') return undefined
  const kind = mimeType.startsWith('image/') ? 'image' : mimeType.startsWith('audio/') ? 'audio' : undefined
  return kind && { kind, mediaType: mimeType, data }
}

/** Results could not refer to a call without an id, and two turns must not agree by chance. */
function newId(): string {
  return `${inventedId}${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`
}
