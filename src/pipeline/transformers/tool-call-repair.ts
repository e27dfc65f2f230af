import type { StreamToken, ToolCallDelta } from '../../tokens/index.ts'
import { pass, type StreamTransformer, skip, type TransformResult } from '../transformer.ts'
import { ArgumentsRepair } from './text/arguments-repair.ts'
import { BlockMap } from './text/block-map.ts'

/**
 * Mends arguments of calls that no client could parse, where there is one thing that they can mean: line breaks and other
 * control characters inside strings, a comma behind the last entry, `True`, `False` and `None`, an escaped apostrophe, a
 * fence around the object, an object that was written as JSON twice, and no arguments at all. Everything else goes on as it
 * came, a call that was cut off above all; and what is good JSON is not changed by a character.
 *
 * They go on while they stream. An object that is written as JSON twice waits for its end.
 *
 * @example
 * const make = () => new ToolCallRepair()
 */
export class ToolCallRepair implements StreamTransformer {
  readonly name = 'tool-call-repair'
  readonly #open = new BlockMap<ArgumentsRepair>()

  transform(token: StreamToken): TransformResult {
    switch (token.type) {
      case 'tool-call-start':
        if (token.kind === 'function') this.#open.set(token, new ArgumentsRepair())
        return pass
      case 'tool-call-delta': {
        const repair = this.#open.get(token)
        if (!repair || token.arguments === '') return pass
        const text = repair.push(token.arguments)
        if (text === token.arguments) return pass
        return text === '' ? skip : { action: 'replace', tokens: [delta(token, text)] }
      }
      case 'tool-call-end': {
        const rest = this.#open.get(token)?.end() ?? ''
        this.#open.delete(token)
        return rest === '' ? pass : { action: 'replace', tokens: [delta(token, rest), token] }
      }
      default:
        return pass
    }
  }

  /** Calls that were cut off: only what they had. */
  flush(): readonly StreamToken[] {
    const tokens: StreamToken[] = []
    for (const [at, repair] of this.#open.entries()) {
      const rest = repair.cut()
      if (rest !== '') tokens.push(delta(at, rest))
    }
    this.#open.clear()
    return tokens
  }
}

function delta({ choice, index }: { choice: number; index: number }, text: string): ToolCallDelta {
  return { type: 'tool-call-delta', choice, index, arguments: text }
}
