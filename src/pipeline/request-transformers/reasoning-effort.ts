import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, type Effort, efforts } from '../../tokens/index.ts'
import type { Transformer } from '../chain/transformer.ts'
import { checkChoice } from '../transformers/option-checks.ts'

export interface ReasoningEffortOptions {
  /**
   * What becomes of the step that a client asks for: `none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max` to another
   * of these, or to `off`, which leaves the wish out.
   */
  map?: Readonly<Record<string, string>>
  /** The step for clients that say nothing about thinking. Default: nothing is said. */
  missing?: string
}

/**
 * How much a model is told to think, by steps. A budget in tokens stays as it is: each dialect has its own way with one.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const thrifty = reasoningEffort({ map: { xhigh: 'high', max: 'high' } })
 */
export function reasoningEffort({ map = {}, missing }: ReasoningEffortOptions = {}): Transformer {
  const steps = Object.entries(map)
  if (steps.length === 0 && missing === undefined) {
    throw new SluiceError('config_invalid', 'cannot map efforts: write `map` or `missing`')
  }
  for (const [from, to] of steps) {
    checkChoice('map', from, efforts)
    checkChoice('map', to, [...efforts, 'off'])
  }
  checkChoice('missing', missing, efforts)
  return {
    name: 'reasoning-effort',
    request(request, context) {
      const { reasoning } = request
      if (!reasoning) return missing === undefined ? request : { ...request, reasoning: { effort: missing as Effort } }
      const { effort } = reasoning
      const to = effort === undefined || !Object.hasOwn(map, effort) ? undefined : map[effort]
      if (to === undefined || to === effort) return request
      context.warn({
        field: 'reasoning',
        action: to === 'off' ? 'dropped' : 'changed',
        reason: `the effort ${effort} is sent as ${to}`,
      })
      if (to !== 'off') return { ...request, reasoning: { ...reasoning, effort: to as Effort } }
      return withoutReasoning(request)
    },
  }
}

function withoutReasoning({ reasoning: _, ...others }: ChatRequest): ChatRequest {
  return others
}
