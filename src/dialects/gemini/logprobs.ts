import { isJsonObject, type Json, type JsonObject, type LogProb } from '../../tokens/index.ts'

/** Log-probabilities of the tokens that were chosen, with those that were considered at each place. */
export function decodeLogprobs(wire: Json | undefined): LogProb[] | undefined {
  if (!isJsonObject(wire) || !Array.isArray(wire.chosenCandidates)) return undefined
  const tops = Array.isArray(wire.topCandidates) ? wire.topCandidates : []
  const found = wire.chosenCandidates.map((chosen, at) => {
    const step = tops[at]
    const others = isJsonObject(step) && Array.isArray(step.candidates) ? step.candidates : undefined
    return { ...one(chosen), ...(others && { top_logprobs: others.map(one) }) }
  })
  return found.length > 0 ? found : undefined
}

function one(wire: Json | undefined): { token: string; logprob: number } {
  const { token, logProbability } = isJsonObject(wire) ? wire : {}
  // A certain token has the probability 0, which this wire leaves out.
  return {
    token: typeof token === 'string' ? token : '',
    logprob: typeof logProbability === 'number' ? logProbability : 0,
  }
}

export function encodeLogprobs(logprobs: readonly LogProb[]): JsonObject {
  const tops = logprobs.some(({ top_logprobs }) => top_logprobs && top_logprobs.length > 0)
  return {
    ...(tops && {
      topCandidates: logprobs.map(({ top_logprobs = [] }) => ({
        candidates: top_logprobs.map(({ token, logprob }) => ({ token, logProbability: logprob })),
      })),
    }),
    chosenCandidates: logprobs.map(({ token, logprob }) => ({ token, logProbability: logprob })),
  }
}
