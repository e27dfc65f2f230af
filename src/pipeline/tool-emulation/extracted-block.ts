import type { TextDelta, TextEnd } from '../../tokens/index.ts'
import { HeldText } from '../transformers/text/held-text.ts'
import type { Pieces } from '../transformers/text/pieces.ts'
import type { SplitText } from '../transformers/text/split-texts.ts'
import { CallScan, type CallScanOptions, callsFound } from './call-scan.ts'
import type { FoundCall } from './offered-tool.ts'

export interface ExtractedBlockOptions extends CallScanOptions {
  /** The id that a call gets, or undefined where it may not be made. */
  admit: (call: FoundCall) => string | undefined
}

/** One text block of a stream on its way to become texts and calls. */
export class ExtractedBlock implements SplitText {
  readonly pieces: Pieces
  readonly #admit: ExtractedBlockOptions['admit']
  readonly #scan: CallScan
  readonly #held: HeldText<TextDelta>
  /** Empty pieces at the beginning, which some servers send: a text has to follow before they are one. */
  #empty: TextDelta[] = []

  constructor(pieces: Pieces, options: ExtractedBlockOptions) {
    this.pieces = pieces
    this.#admit = options.admit
    this.#scan = new CallScan(options)
    this.#held = new HeldText([this.#scan])
  }

  /** Part of a call has come. */
  get holding(): boolean {
    return this.#scan.inSection
  }

  push(delta: TextDelta): void {
    if (this.#held.push(delta)) this.#text(delta)
    else this.#segments()
  }

  end(token: TextEnd): void {
    this.flush()
    // A text that was empty stays one.
    if (this.pieces.none) this.#openText()
    this.pieces.end(token, true)
  }

  flush(): void {
    this.#held.end()
    this.#segments()
  }

  #segments(): void {
    for (const segment of this.#held.take()) {
      if (typeof segment === 'string' || 'type' in segment) this.#text(segment)
      else if (segment.pattern === callsFound) for (const call of this.#scan.take()) this.#call(call)
    }
  }

  #call(call: FoundCall): void {
    const id = this.#admit(call)
    if (id === undefined) return
    this.pieces.block((place) => [
      { type: 'tool-call-start', ...place, id, name: call.name, kind: call.kind },
      ...(call.arguments === '' ? [] : [{ type: 'tool-call-delta' as const, ...place, arguments: call.arguments }]),
      { type: 'tool-call-end', ...place },
    ])
  }

  #text(segment: TextDelta | string): void {
    if (this.pieces.open === undefined) {
      if ((typeof segment === 'string' ? segment : segment.text) === '') {
        if (this.pieces.none && typeof segment !== 'string') this.#empty.push(segment)
        return
      }
      this.#openText()
    }
    this.pieces.text(segment)
  }

  #openText(): void {
    const empty = this.pieces.none ? this.#empty : []
    this.#empty = []
    this.pieces.openText()
    for (const delta of empty) this.pieces.text(delta)
  }
}
