import fc from 'fast-check'
import type { StreamToken } from '../../../src/tokens/index.ts'

type Part<T> = T extends { choice: number; index: number } ? Omit<T, 'choice' | 'index'> : never
type BlockPart = Part<StreamToken>

const words = fc.string({ unit: 'grapheme', maxLength: 6 })
const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify({ value }))
const vendor = fc.constantFrom('anthropic', 'openai', 'google')
const opaque = fc.record({
  type: fc.constant('opaque' as const),
  vendor,
  family: fc.constantFrom('claude', 'x.1'),
  kind: fc.constantFrom('signature' as const, 'redacted' as const, 'encrypted' as const),
  value: fc.base64String({ minLength: 4 }),
})

function cut(text: string): BlockPart[] {
  const middle = text.length >> 1
  return [text.slice(0, middle), text.slice(middle)].map((piece) => ({ type: 'tool-call-delta', arguments: piece }))
}

const block: fc.Arbitrary<BlockPart[]> = fc.oneof(
  fc
    .tuple(fc.array(words), fc.boolean())
    .map(([texts, refusal]): BlockPart[] => [
      { type: 'text-start', ...(refusal && { refusal }) },
      ...texts.map((text): BlockPart => ({ type: 'text-delta', text })),
      { type: 'text-end' },
    ]),
  fc
    .tuple(fc.array(words), fc.array(opaque, { maxLength: 2 }))
    .map(([texts, opaques]): BlockPart[] => [
      { type: 'reasoning-start' },
      ...texts.map((text): BlockPart => ({ type: 'reasoning-delta', text })),
      ...opaques,
      { type: 'reasoning-end' },
    ]),
  fc
    .tuple(fc.uuid(), json, fc.boolean(), fc.array(opaque, { maxLength: 1 }))
    .map(([id, args, custom, opaques]): BlockPart[] => [
      { type: 'tool-call-start', id, name: 'f', kind: custom ? 'custom' : 'function' },
      ...cut(args),
      ...opaques,
      { type: 'tool-call-end' },
    ]),
  fc.constantFrom('anthropic-messages', 'openai-responses').map((dialect): BlockPart[] => [
    {
      type: 'hosted-call-start',
      dialect,
      block: { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
    },
    { type: 'hosted-call-delta', arguments: '{"q":1}' },
    { type: 'hosted-call-end' },
  ]),
  fc
    .constantFrom('anthropic-messages', 'openai-responses')
    .map((dialect): BlockPart[] => [
      { type: 'hosted-result', dialect, block: { type: 'web_search_tool_result', tool_use_id: 's', content: [] } },
    ]),
)

/**
 * A legal stream of one choice, with what this dialect treats in its own way: hosted tools, state of several vendors on
 * any block, empty blocks, and blocks of every kind that overlap.
 */
export const anyTokens: fc.Arbitrary<StreamToken[]> = fc
  .tuple(
    fc.array(block, { maxLength: 6 }),
    fc.array(fc.nat({ max: 2 }), { maxLength: 60 }),
    fc.constantFrom('stop' as const, 'length' as const, 'content_filter' as const, 'unknown' as const),
    fc.boolean(),
  )
  .map(([blocks, picks, reason, usage]) => {
    const left = blocks.map((parts) => ({ index: -1, parts: [...parts] }))
    let started = 0
    const tokens: StreamToken[] = [{ type: 'message-start', id: 'msg_up', model: 'm' }]
    for (let at = 0; left.length > 0; at++) {
      // Among the first three, so that blocks overlap but each still ends.
      const pick = Math.min(picks[at % Math.max(1, picks.length)] ?? 0, left.length - 1)
      const block = left[pick]!
      const { parts } = block
      // Decoders count blocks as they start, and an encoder that streams cannot order them otherwise.
      if (block.index === -1) block.index = started++
      tokens.push({ ...parts.shift()!, choice: 0, index: block.index } as StreamToken)
      if (parts.length === 0) left.splice(pick, 1)
    }
    tokens.push({ type: 'finish', choice: 0, reason })
    if (usage) tokens.push({ type: 'usage', usage: { input: 10, cacheRead: 4, output: 5 } })
    return tokens
  })
