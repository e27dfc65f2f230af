import { SluiceError } from '../../../errors/index.ts'
import type { Finish, OpaqueToken, StreamToken } from '../../../tokens/index.ts'
import { pass, skip, type TransformResult } from '../../transformer.ts'
import { Ending } from '../ending.ts'
import { BlockMap, type Place } from './block-map.ts'
import { type Delta, textOf, withText } from './delta.ts'
import { type Found, HeldText } from './held-text.ts'
import { JsonPlace } from './json-place.ts'
import type { TextScan } from './scan.ts'

/** In which texts of an answer a transformer looks. */
export interface Where {
  /** What is said, refusals included. Default true. */
  text?: boolean
  /** Default false. */
  reasoning?: boolean
  /**
   * What tools are called with. Default false. JSON is read as it is written, so a letter that stands there as `\u00e9`
   * is not found. Its structure is text too: a pattern that matches it breaks it.
   */
  arguments?: boolean
}

export interface RewritingOptions {
  where: Where
  /** The scans of one block. */
  scans: () => TextScan[]
  /**
   * What becomes of a match: a text that stands in its place; how the choice ends here; or the error that breaks the
   * stream here. A call cannot end in the middle, so there a `Finish` leaves the match out and lets the call go on.
   */
  mark: (found: Found, inCall: boolean) => string | Finish | SluiceError
  /** How many answers there are, if `mark` may end some. */
  choices?: number | undefined
}

interface Block {
  held: HeldText<Delta>
  /** A delta of it that did not go on as it was, to make others like it. */
  like: Delta | undefined
  /** Signatures and the like, which wait for the end: if the text is changed, they vouch for it no more. */
  opaque: OpaqueToken[]
  changed: boolean
  call: boolean
  json: JsonPlace | undefined
}

/**
 * Takes matches out of the texts of a stream. Deltas without any go on by identity. Where a match reached over several
 * deltas, what stands for it comes when the last of them has come.
 *
 * A signature vouches for the text of its block. It waits for the block's end, and goes on only if nothing was changed.
 */
export class Rewriting {
  readonly #where: Where
  readonly #scans: () => TextScan[]
  readonly #mark: RewritingOptions['mark']
  readonly #ending: Ending | undefined
  readonly #blocks = new BlockMap<Block>()
  /** What a match in the token at hand asked for. */
  #verdict: Finish | SluiceError | undefined
  /** Given by `flush`, before an error. */
  #last: StreamToken[] = []

  constructor({ where, scans, mark, choices }: RewritingOptions) {
    this.#where = where
    this.#scans = scans
    this.#mark = mark
    this.#ending = choices === undefined ? undefined : new Ending(choices)
  }

  get done(): boolean {
    return this.#ending?.done ?? false
  }

  transform(token: StreamToken): TransformResult {
    // One look at the type: tokens have so many shapes that each look is a search. Three fewer in a row of three
    // transformers, here and beside, were 3 % of what a token costs.
    const { type } = token
    if (type === 'text-delta' && !this.#ending?.begun) {
      const block = this.#blocks.get(token)
      return block ? this.#delta(block, token) : pass
    }
    if (this.#ending && !this.#ending.lets(token)) return skip
    switch (type) {
      case 'text-delta':
      case 'reasoning-delta':
      case 'tool-call-delta': {
        const block = this.#blocks.get(token)
        return block ? this.#delta(block, token) : pass
      }
      case 'text-start':
        if (this.#where.text !== false) this.#open(token)
        return pass
      case 'reasoning-start':
        if (this.#where.reasoning) this.#open(token)
        return pass
      case 'tool-call-start':
        if (this.#where.arguments) this.#open(token, true, token.kind === 'function' ? new JsonPlace() : undefined)
        return pass
      case 'text-end':
      case 'reasoning-end':
      case 'tool-call-end':
      case 'hosted-call-end':
      case 'media-end':
        return this.#end(token)
      case 'opaque': {
        const block = this.#blocks.get(token)
        if (!block) return pass
        block.opaque.push(token)
        return skip
      }
      case 'error': {
        const tokens = this.flush()
        return tokens.length === 0 ? pass : { action: 'replace', tokens: [...tokens, token] }
      }
      default:
        return pass
    }
  }

  /** All that is still held. */
  flush(): StreamToken[] {
    const tokens = this.#last
    this.#last = []
    for (const block of this.#blocks.values()) {
      this.#rest(block, tokens)
      this.#verdict = undefined
    }
    this.#blocks.clear()
    return tokens
  }

  #open(at: Place, call = false, json?: JsonPlace): void {
    const held = new HeldText<Delta>(this.#scans())
    this.#blocks.set(at, { held, like: undefined, opaque: [], changed: false, call, json })
  }

  #delta(block: Block, token: Delta): TransformResult {
    if (block.held.push(token)) {
      block.json?.read(textOf(token))
      return pass
    }
    block.like = token
    const tokens = this.#take(block, [])
    if (this.#verdict) return this.#obey(token, tokens)
    return tokens.length === 0 ? skip : { action: 'replace', tokens }
  }

  #end(token: StreamToken & Place): TransformResult {
    const block = this.#blocks.get(token)
    const tokens: StreamToken[] = []
    if (block) {
      this.#rest(block, tokens)
      if (this.#verdict) {
        if (!SluiceError.is(this.#verdict)) tokens.push(token)
        return this.#obey(token, tokens)
      }
      this.#blocks.delete(token)
    }
    const after = this.#ending?.after(token) ?? []
    if (tokens.length === 0 && after.length === 0) return pass
    tokens.push(token, ...after)
    return { action: 'replace', tokens }
  }

  /** Ends the choice, or the stream, behind the tokens. Of the block at hand nothing else goes on. */
  #obey({ choice, index }: Place, tokens: StreamToken[]): TransformResult {
    const verdict = this.#verdict!
    this.#verdict = undefined
    this.#blocks.delete({ choice, index })
    if (SluiceError.is(verdict)) {
      this.#last = tokens
      return { action: 'error', error: verdict }
    }
    for (const [at, block] of this.#blocks.entries()) {
      if (at.choice !== choice || block.call) continue
      this.#rest(block, tokens)
      this.#verdict = undefined
      this.#blocks.delete(at)
    }
    tokens.push(...this.#ending!.end(choice, verdict))
    return { action: 'replace', tokens }
  }

  #rest(block: Block, tokens: StreamToken[]): void {
    block.held.end()
    this.#take(block, tokens)
    for (const token of block.opaque) if (!block.changed || token.kind !== 'signature') tokens.push(token)
  }

  /** Segments as tokens: pieces of text that stand side by side become one delta. */
  #take(block: Block, tokens: StreamToken[]): StreamToken[] {
    const { held, json, like } = block
    let text = ''
    const close = (): void => {
      if (text !== '') tokens.push(withText(like!, text))
      text = ''
    }
    for (const segment of held.take()) {
      // Nothing of the text behind a match that ends it.
      if (this.#verdict) break
      if (typeof segment === 'string') {
        text += segment
        json?.read(segment)
      } else if ('type' in segment) {
        close()
        tokens.push(segment)
        json?.read(textOf(segment))
      } else {
        block.changed = true
        text += this.#instead(segment, block)
      }
    }
    close()
    return tokens
  }

  #instead(found: Found, { call, json }: Block): string {
    if (found.more) return json?.write(found.text) ?? ''
    const mark = this.#mark(found, call)
    const text = typeof mark === 'string' ? mark : ''
    if (typeof mark !== 'string' && (!call || SluiceError.is(mark))) this.#verdict = mark
    return json ? json.write(found.text, text) : text
  }
}
