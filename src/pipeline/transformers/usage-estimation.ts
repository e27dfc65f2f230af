import type { StreamToken, Usage } from '../../tokens/index.ts'
import { pass, type StreamTransformer, type TransformResult } from '../transformer.ts'
import { estimatedHundredths } from './estimated-hundredths.ts'
import { checkNumber } from './option-checks.ts'
import { isDelta, textOf } from './text/delta.ts'

export interface UsageEstimationOptions {
  /** The size of the prompt in tokens, if it is to be in the estimate (`estimateInput` of `sluice/tokens`). */
  input?: number
}

/**
 * Where nobody reports what an answer cost, an estimate from its text: a last `usage` token that says `estimated`.
 * It comes when the stream ends or breaks, as the provider may report until then; one report, however little it says,
 * and there is no estimate. A stream without this transformer keeps unknown usage unknown.
 *
 * @throws SluiceError `config_invalid` from the constructor
 *
 * @example
 * const make = () => new UsageEstimation({ input: estimateInput(request) })
 */
export class UsageEstimation implements StreamTransformer {
  readonly name = 'usage-estimation'
  readonly #input: number | undefined
  #started = false
  #reported = false
  #output = 0
  #reasoning = 0

  constructor({ input }: UsageEstimationOptions = {}) {
    checkNumber('input', input, 0)
    this.#input = input
  }

  transform(token: StreamToken): TransformResult {
    if (isDelta(token)) {
      const size = estimatedHundredths(textOf(token))
      this.#output += size
      if (token.type === 'reasoning-delta') this.#reasoning += size
      return pass
    }
    switch (token.type) {
      case 'message-start':
        this.#started = true
        return pass
      case 'tool-call-start':
        this.#output += estimatedHundredths(token.name)
        return pass
      case 'usage':
        this.#reported = true
        return pass
      case 'error': {
        const usage = this.flush()
        return usage.length === 0 ? pass : { action: 'replace', tokens: [...usage, token] }
      }
      default:
        return pass
    }
  }

  flush(): readonly StreamToken[] {
    if (!this.#started || this.#reported) return []
    this.#reported = true
    const usage: Usage = {
      ...(this.#input !== undefined && { input: this.#input }),
      output: Math.ceil(this.#output / 100),
      ...(this.#reasoning > 0 && { reasoning: Math.ceil(this.#reasoning / 100) }),
      estimated: true,
    }
    return [{ type: 'usage', usage }]
  }
}
