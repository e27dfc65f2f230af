import { expect, it } from 'vitest'
import { dialects, type UpstreamDialect } from '../../src/dialects/index.ts'
import type { JsonObject } from '../../src/tokens/index.ts'

const call = (inner: object) => ({ choices: [{ index: 0, message: inner, finish_reason: 'tool_calls' }] })

/** Whole answers that call a tool and do not say which. In the Gemini API a call without a name is the end of another. */
const answers: Array<[dialect: keyof typeof dialects, body: object]> = [
  [
    'openai-chat',
    call({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: '', arguments: '{}' } }] }),
  ],
  [
    'openai-responses',
    { status: 'completed', output: [{ type: 'function_call', call_id: 'a', name: '', arguments: '{}' }] },
  ],
  [
    'anthropic-messages',
    { type: 'message', content: [{ type: 'tool_use', id: 'a', name: '', input: {} }], stop_reason: 'tool_use' },
  ],
  [
    'ollama',
    {
      message: { role: 'assistant', content: '', tool_calls: [{ function: { name: '', arguments: {} } }] },
      done: true,
    },
  ],
  [
    'bedrock-converse',
    {
      output: { message: { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: '', input: {} } }] } },
      stopReason: 'tool_use',
    },
  ],
]

it.each(answers)('a call without a name in an answer of %s is an error, since nobody can run it', (name, body) => {
  const { upstream }: UpstreamDialect = dialects[name]
  expect(() => upstream.decodeReply(body as JsonObject, { vendor: 'v', family: 'f' })).toThrow('name')
})
