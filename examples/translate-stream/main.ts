/**
 * A stream of OpenAI's Chat Completions becomes a stream of Anthropic's Messages: events to tokens, tokens to events,
 * one event at a time. No server is needed, and nothing here is specific to Node.
 * Run: npx node --conditions=source examples/translate-stream/main.ts
 */
import { anthropicMessages, openaiChat } from 'sluice/dialects'
import { SseParser, writeSse } from 'sluice/sse'

const chunk = (delta: object, finish: string | null = null) =>
  writeSse({
    data: JSON.stringify({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model: 'gpt-example',
      choices: [{ index: 0, delta, finish_reason: finish }],
    }),
  })

const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }
const upstream = [
  chunk({ role: 'assistant', content: '' }),
  chunk({ content: 'Let me ' }),
  chunk({ content: 'look.' }),
  chunk({ tool_calls: [call] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '{"city":' } }] }),
  chunk({ tool_calls: [{ index: 0, function: { arguments: '"Oslo"}' } }] }),
  chunk({}, 'tool_calls'),
  writeSse({ data: '[DONE]' }),
]

const parser = new SseParser()
const decoder = openaiChat.upstream.decodeStream({ vendor: 'openai', family: 'gpt' })
const encoder = anthropicMessages.client.encodeStream({
  requestId: 'req_1',
  model: 'gpt-example',
  created: 1_790_000_000,
  includeUsage: true,
})

const show = (message: Parameters<typeof writeSse>[0]) => process.stdout.write(writeSse(message))
const encode = (token: Parameters<typeof encoder.push>[0]) => encoder.push(token, show)

for (const text of upstream) {
  parser.push(new TextEncoder().encode(text), (event) => decoder.push(event, encode))
}
decoder.end?.(encode)
encoder.end?.(show)
