import { openaiChat } from '../src/dialects/index.ts'
import { Chain, defineTransformer, guarded, TransformerChain } from '../src/pipeline/index.ts'
import type { ChatRequest, JsonObject } from '../src/tokens/index.ts'
import { timed } from './rounds.ts'
import { digits, ratio, table } from './table.ts'

const five = ['clamp-max-tokens', 'reasoning-effort', 'clean-tool-schemas', 'rename-fields', 'drop-fields']
const options = {
  'clamp-max-tokens': { most: 4096 },
  'reasoning-effort': { map: { max: 'high' } },
  'rename-fields': { tools: { tool_39: 'renamed' } },
  'drop-fields': { fields: ['seed', 'user'] },
}
const context = {
  provider: 'p',
  model: 'm',
  client: 'openai-chat',
  dialect: 'openai-chat',
  stream: true,
  choices: 1,
  warn: (): void => {},
}

/** A long turn of an agent: 200 messages and 40 tools. With `busy` every one of the five has something to do. */
function bodyOf(busy: boolean): string {
  const parameters = {
    type: 'object',
    ...(busy && { $schema: 'https://json-schema.org/draft/2020-12/schema' }),
    properties: Object.fromEntries(
      Array.from({ length: 8 }, (_, i) => [`field_${i}`, { type: 'string', description: 'What it is for.' }]),
    ),
  }
  return JSON.stringify({
    model: 'm',
    stream: true,
    max_completion_tokens: busy ? 64_000 : 4096,
    ...(busy && { seed: 1, user: 'u', reasoning_effort: 'max' }),
    messages: Array.from({ length: 200 }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: 'The quick brown fox jumps over the lazy dog. '.repeat(20),
    })),
    tools: Array.from({ length: 40 }, (_, i) => ({
      type: 'function',
      function: { name: `tool_${busy ? i : i + 100}`, description: 'A tool.', parameters },
    })),
  })
}

/** Five transformers of requests, beside reading the same request. */
export async function requestChain(rounds: number): Promise<string> {
  const chain = new Chain(new TransformerChain().transformers(five, options))
  const own = Array.from({ length: 5 }, (_, i) =>
    guarded(defineTransformer({ name: `own-${i}`, request: (request) => ({ ...request, maxOutput: i }) })),
  )
  const owns = new Chain(own)
  const decoded = (busy: boolean): ChatRequest =>
    openaiChat.client.decodeRequest(JSON.parse(bodyOf(busy)) as JsonObject)
  const [idle, busy] = [decoded(false), decoded(true)]
  if (chain.transform(idle, context) !== idle) throw new Error('cannot compare: a request was changed without a need')
  const after = chain.transform(busy, context) as ChatRequest
  if (after.maxOutput !== 4096 || after.tools[39]?.name !== 'renamed' || after.sampling.seed !== undefined) {
    throw new Error('cannot compare: a request was not changed as it should be')
  }
  const text = bodyOf(true)
  const ns = await timed(rounds, {
    'reading it: JSON and the canonical request': () => void openaiChat.client.decodeRequest(JSON.parse(text)),
    'five that have nothing to do': () => void chain.transform(idle, context),
    'five that change it': () => void chain.transform(busy, context),
    // What was frozen once is not walked again: each run needs a request of its own.
    'reading it, and five of the user, which are guarded': () =>
      void owns.transform(openaiChat.client.decodeRequest(JSON.parse(text)), context),
  })
  const [reading = 1, nothing = 0, change = 0, guardedToo = 0] = Object.values(ns)
  const most = Math.max(nothing, change, guardedToo - reading) / 1e6
  return [
    `### Requests: five transformers, ${Math.round(text.length / 1024)} KiB, 200 messages, 40 tools`,
    '',
    table(
      ['request', 'µs', 'to reading it'],
      Object.entries(ns).map(([name, took]) => [name, digits(took / 1000), ratio(took, reading)]),
    ),
    '',
    `The slowest five take ${digits(most)} ms of the 1 ms that they may take: ${most < 1 ? 'kept' : 'NOT KEPT'}.`,
  ].join('\n')
}
