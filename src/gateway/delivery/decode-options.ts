import type { Warning } from '../../dialects/index.ts'
import type { ChainedTransformer, StreamTransformer } from '../../pipeline/index.ts'
import type { Plan } from '../plan.ts'
import type { AnswerOptions } from './target-decoder.ts'

/** Whether some of them wait, so that tokens may come out in a later turn. */
export function waits({ chain }: Plan): boolean {
  return !chain.every(isSync)
}

function isSync(one: ChainedTransformer): one is StreamTransformer {
  return one.async !== true
}

const noTransformers: readonly StreamTransformer[] = []

/** What the decoder of the answer has to know of the request. */
export function decodeOptions(
  { target, customTools, toolNames, choices, stops, calls, chain }: Plan,
  onWarning: (warning: Warning) => void,
): AnswerOptions {
  const { vendor, family, traits } = target
  return {
    vendor,
    family,
    customTools,
    toolNames,
    choices,
    stops,
    wholeArguments: traits.wholeArguments === true,
    ...(traits.cost && { cost: traits.cost }),
    ...(calls && { calls: { ...calls, onWarning } }),
    // Those that wait cannot stand in a decoder, and then neither can the others, which have their place among them.
    transformers: chain.every(isSync) ? chain : noTransformers,
  }
}
