import { bedrockConverse } from '../../../src/dialects/index.ts'
import { join } from '../../../src/flow/index.ts'
import type { AwsEvent } from '../../../src/framing/index.ts'
import { grammar, type JsonObject, type StreamToken } from '../../../src/tokens/index.ts'

export const { upstream } = bedrockConverse
export const home = { vendor: 'bedrock', family: 'claude' }

/** Events as the parser gives them: name and payload. */
export function event(name: string, payload: JsonObject | string, kind: AwsEvent['kind'] = 'event'): AwsEvent {
  const data = typeof payload === 'string' ? payload : JSON.stringify(payload)
  return { kind, event: name, data, id: '', end: 0, headers: {} }
}

export const text = (contentBlockIndex: number, piece: string, p = 'abc') =>
  event('contentBlockDelta', { contentBlockIndex, delta: { text: piece }, p })
export const thought = (contentBlockIndex: number, piece: string, p = 'abc') =>
  event('contentBlockDelta', { contentBlockIndex, delta: { reasoningContent: { text: piece } }, p })
export const call = (contentBlockIndex: number, toolUseId: string, name = 'f') =>
  event('contentBlockStart', { contentBlockIndex, start: { toolUse: { toolUseId, name } } })
export const input = (contentBlockIndex: number, piece: string, p = 'abc') =>
  event('contentBlockDelta', { contentBlockIndex, delta: { toolUse: { input: piece } }, p })
export const stop = (contentBlockIndex: number) => event('contentBlockStop', { contentBlockIndex })
export const messageStop = (stopReason = 'end_turn') => event('messageStop', { stopReason })
export const counts = event('metadata', { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } })

/** What a decoder makes of events, the grammar behind it. */
export function run(events: readonly AwsEvent[], options: Parameters<typeof upstream.decodeStream>[0] = home) {
  const tokens: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    tokens.push(token)
  }
  const decoder = upstream.decodeStream(options)
  const stage = join(decoder, grammar())
  for (const one of events) stage.push(one, emit)
  stage.end?.(emit)
  return { tokens, decoder }
}
