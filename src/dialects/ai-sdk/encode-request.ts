import type { ChatRequest, JsonObject, TextPart } from '../../tokens/index.ts'
import type { EncodedRequest, Target } from '../dialect.ts'
import { effortOf } from '../effort.ts'
import { splitInstructions } from '../instructions.ts'
import { refuse } from '../request-encoding.ts'
import { encodeTools } from './encode-tools.ts'
import { encodeTurns } from './encode-turns.ts'
import { Encoding } from './encoding.ts'
import { mergeOptions } from './state.ts'
import { passedFields } from './wire.ts'

/**
 * A request as the options of a call; the model and the wish for a stream stand in its address. The keys always stand
 * in the same order, so that two turns of one conversation share their beginning and the vendor's prompt cache finds
 * it again.
 *
 * @throws SluiceError `unsupported` with `param`
 */
export function encodeRequest(request: ChatRequest, target: Target): EncodedRequest {
  const encoding = new Encoding(request, target)
  if ((request.choices ?? 1) > 1) refuse('n', 'asks for several answers, and a package of the AI SDK gives one')
  const body = {
    prompt: encodePrompt(encoding),
    ...encodeTools(encoding),
    ...(request.maxOutput !== undefined && { maxOutputTokens: ceiling(encoding, request.maxOutput) }),
    ...sampling(encoding),
    ...(request.stop && request.stop.length > 0 && { stopSequences: request.stop }),
    ...responseFormat(request),
    ...reasoning(encoding),
  }
  encoding.lacks('the AI SDK has no such option; `providerOptions` may have', {
    parallel_tool_calls: request.parallelToolCalls === false,
    verbosity: request.verbosity,
    user: request.user,
    metadata: request.metadata && Object.keys(request.metadata).length > 0 ? request.metadata : undefined,
    service_tier: request.serviceTier === 'auto' ? undefined : request.serviceTier,
  })
  return encoding.encoded({ ...body, ...callOptions(encoding) }, {})
}

function encodePrompt(encoding: Encoding): JsonObject[] {
  const { instructions, turns } = splitInstructions(encoding.request)
  const system = systemMessages(encoding, instructions)
  const messages = encodeTurns(encoding, turns)
  if (messages.length === 0 && system.length > 0) {
    encoding.changed('messages', 'the instructions are sent as a message, since there is no other')
    const content = instructions.filter(({ text }) => text.trim() !== '').map(({ text }) => ({ type: 'text', text }))
    return [{ role: 'user', content }]
  }
  return [...system, ...messages]
}

/** One message, since not every server behind a package takes several; a mark of the cache needs one of its own. */
function systemMessages(encoding: Encoding, instructions: readonly TextPart[]): JsonObject[] {
  const messages: JsonObject[] = []
  let texts: string[] = []
  const close = (part?: TextPart): void => {
    if (texts.length > 0)
      messages.push({ role: 'system', content: texts.join('\n\n'), ...encoding.options(part?.cache) })
    texts = []
  }
  for (const part of instructions) {
    if (part.text.trim() === '') continue
    texts.push(part.text)
    if (part.cache && encoding.target.traits.cacheOptions) close(part)
  }
  close()
  return messages
}

function ceiling(encoding: Encoding, asked: number): number {
  const most = encoding.target.traits.maxOutput
  if (most === undefined || asked <= most) return asked
  encoding.changed('max_tokens', `the model's largest answer is ${most} tokens`)
  return most
}

function sampling(encoding: Encoding): JsonObject {
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, seed, logitBias, logprobs, topLogprobs } =
    encoding.request.sampling
  encoding.lacks('the AI SDK has no such option; `providerOptions` may have', {
    logit_bias: logitBias,
    logprobs,
    top_logprobs: topLogprobs,
  })
  const known = { temperature, topP, topK, presencePenalty, frequencyPenalty, seed }
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined))
}

function responseFormat({ output }: ChatRequest): JsonObject {
  if (output === undefined) return {}
  if (output.type === 'json') return { responseFormat: { type: 'json' } }
  const { schema, name, description } = output
  return {
    responseFormat: {
      type: 'json',
      schema,
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
    },
  }
}

/** How much to think is told in steps. */
function reasoning(encoding: Encoding): JsonObject {
  const { effort, budget } = encoding.request.reasoning ?? {}
  if (effort !== undefined) return { reasoning: effort }
  if (budget === undefined) return {}
  const step = effortOf(budget)
  encoding.changed('reasoning', `a budget of ${budget} tokens is sent as the effort ${step}`)
  return { reasoning: step }
}

/** `providerOptions`: those of the configuration, and over them what the client wrote in these very words. */
function callOptions(encoding: Encoding): JsonObject {
  const { fields, dialect } = encoding.request.extra
  for (const field of Object.keys(fields)) {
    if (!passedFields.has(field)) encoding.dropped(field, `only ${dialect} knows it`)
  }
  const providerOptions = mergeOptions(encoding.target.traits.providerOptions, fields.providerOptions)
  return providerOptions ? { providerOptions } : {}
}
