import type { Json, JsonObject } from '../../tokens/index.ts'
import { argumentsText, type Counts, type ErrorFacts, finishOf, type Scene } from './scene.ts'
import type { ToolStep } from './script.ts'

/** The small shapes that streamed and whole answers of Gemini have in common. */

const finishWords: Record<string, string> = {
  stop: 'STOP',
  stop_sequence: 'STOP',
  tool_calls: 'STOP',
  length: 'MAX_TOKENS',
  context_full: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  refusal: 'SAFETY',
  paused: 'CONTINUATION',
  pause: 'CONTINUATION',
  malformed_call: 'MALFORMED_FUNCTION_CALL',
}

/** A word that the vendor does not know goes out as it is. */
export function finishFields(scene: Scene): JsonObject {
  const finish = finishOf(scene.turn)
  return finish === false ? {} : { finishReason: finishWords[finish] ?? finish }
}

/** Thoughts are counted beside the answer, and a count of zero is left out. */
export function usageFields(counts: Counts): JsonObject {
  const { input, output, cacheRead, reasoning } = counts
  const answer = Math.max(0, output - reasoning)
  return {
    ...(input > 0 && { promptTokenCount: input }),
    ...(answer > 0 && { candidatesTokenCount: answer }),
    totalTokenCount: input + output,
    ...(cacheRead > 0 && { cachedContentTokenCount: cacheRead }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
    ...(reasoning > 0 && { thoughtsTokenCount: reasoning }),
  }
}

/**
 * A call as JSON text, since a script may ask for arguments that are none: those that are cut are what no real server
 * would send, so they become an object that says so.
 */
export function callPart(tool: ToolStep, signature: string | undefined): JsonObject {
  const text = argumentsText(tool)
  return {
    functionCall: {
      ...(tool.id !== undefined && { id: tool.id }),
      name: tool.tool,
      args: tool.custom ? { input: text } : parsed(text),
    },
    ...(signature !== undefined && { thoughtSignature: signature }),
  }
}

function parsed(text: string): Json {
  if (text === '') return {}
  try {
    return JSON.parse(text) as Json
  } catch {
    return { broken: text }
  }
}

export function logprobsResult(pieces: string[], alternatives: number): JsonObject {
  const chosen = pieces.map((token) => ({ token, tokenId: token.length, logProbability: -0.1 }))
  return {
    ...(alternatives > 0 && { topCandidates: chosen.map((one) => ({ candidates: [one] })) }),
    chosenCandidates: chosen,
  }
}

const errorWords: Record<number, [status: string, message: string]> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: ['UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'The model is not found for API version v1beta.'],
  409: ['ABORTED', 'The request was aborted.'],
  429: ['RESOURCE_EXHAUSTED', 'You exceeded your current quota.'],
  499: ['CANCELLED', 'The operation was cancelled.'],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
}

/** An invalid key is told as an invalid argument. */
export function geminiError(facts: ErrorFacts): JsonObject {
  const code = facts.status === 529 ? 503 : facts.status
  const [status, message] = errorWords[code] ?? errorWords[code < 500 ? 400 : 0] ?? ['INTERNAL', 'An internal error.']
  const reason = facts.code ?? (code === 401 ? 'API_KEY_INVALID' : undefined)
  return {
    error: {
      code,
      message: facts.message ?? message,
      status: facts.type ?? status,
      ...(reason !== undefined && {
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }],
      }),
    },
  }
}
