import { type Effort, efforts, type JsonObject } from '../../tokens/index.ts'
import type { ReasoningWord } from '../chat-traits.ts'
import { effortOf } from '../effort.ts'
import type { Encoding } from './encoding.ts'

/** The wish to reason, and how much, in the fields that the target reads. */
export function encodeReasoning(encoding: Encoding): JsonObject {
  const { reasoning } = encoding.request
  if (!reasoning) return {}
  const { reasoningRequest } = encoding.target.traits
  const { effort, budget, visible, adaptive } = reasoning
  // Only the object `reasoning` of a client of this dialect can have said these.
  const spoken = encoding.own && (budget !== undefined || visible !== undefined || adaptive === true)
  const words = reasoningRequest ?? (spoken ? ['reasoning'] : ['reasoning_effort'])
  const step = effort ?? (budget === undefined ? undefined : effortOf(budget))
  const fields: JsonObject = {}
  for (const word of words) Object.assign(fields, writers[word](encoding, step, words))
  if (step !== undefined && Object.keys(fields).length === 0) {
    encoding.dropped('reasoning_effort', 'this provider cannot be told how much to reason')
  }
  return fields
}

type Writer = (encoding: Encoding, step: Effort | undefined, words: readonly ReasoningWord[]) => JsonObject

const writers: Record<ReasoningWord, Writer> = {
  reasoning_effort(encoding, step, words) {
    if (step === undefined) return {}
    const { efforts: known } = encoding.target.traits
    if (!known) return { reasoning_effort: step }
    // Not to reason at all is said by the other field, where there is one.
    if (step === 'none' && !known.none && words.length > 1) return {}
    const taken = nearest(step, known)
    if (taken === undefined) return {}
    if (taken !== step) encoding.changed('reasoning_effort', `${step} is not known to this model`)
    return { reasoning_effort: known[taken] as string }
  },
  reasoning({ own, request: { reasoning }, target: { traits } }, step) {
    const { effort, budget, visible, adaptive } = reasoning ?? {}
    const known = traits.efforts
    const taken = effort === undefined || !known ? effort : known[nearest(effort, known) ?? effort]
    const asked = {
      ...(taken !== undefined && { effort: taken }),
      ...(adaptive && step === undefined && { enabled: true }),
      // One excludes the other, but whoever writes this object in person may know better.
      ...(budget !== undefined && (own || (budget >= 0 && effort === undefined)) && { max_tokens: budget }),
      ...(visible !== undefined && { exclude: !visible }),
    }
    return Object.keys(asked).length === 0 ? {} : { reasoning: asked }
  },
  thinking: ({ request }, step) => {
    const on = switched(request.reasoning?.adaptive, step)
    return on === undefined ? {} : { thinking: { type: on ? 'enabled' : 'disabled' } }
  },
  enable_thinking: ({ request }, step) => {
    const on = switched(request.reasoning?.adaptive, step)
    return on === undefined ? {} : { enable_thinking: on }
  },
  thinking_budget: ({ request }) => {
    const { budget } = request.reasoning ?? {}
    return budget === undefined || budget < 1 ? {} : { thinking_budget: budget }
  },
  disable_reasoning: ({ request }, step) => {
    const on = switched(request.reasoning?.adaptive, step)
    return on === undefined ? {} : { disable_reasoning: !on }
  },
  prompt_mode: ({ request }, step) => {
    const on = switched(request.reasoning?.adaptive, step)
    return on === undefined ? {} : { prompt_mode: on ? 'reasoning' : null }
  },
}

function switched(adaptive: boolean | undefined, step: Effort | undefined): boolean | undefined {
  return step === undefined ? (adaptive ? true : undefined) : step !== 'none'
}

/** The step itself where it has a word, else the next lower one that has, else the next higher. */
function nearest(step: Effort, known: Readonly<Partial<Record<Effort, string>>>): Effort | undefined {
  const at = efforts.indexOf(step)
  // "Not at all" is no small amount: a step above it never falls to it.
  const lower = efforts.slice(step === 'none' ? 0 : 1, at + 1).toReversed()
  return [...lower, ...efforts.slice(at + 1)].find((one) => known[one] !== undefined)
}
