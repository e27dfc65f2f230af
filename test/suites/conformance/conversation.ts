import type { ChatRequest, Message, Tool, ToolResultPart } from '../../../src/tokens/index.ts'
import type { RequestFeature } from './feature.ts'

/** What the features about requests are put together from. */
export const user = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] })
export const assistant = (text: string): Message => ({ role: 'assistant', parts: [{ type: 'text', text }] })

export const request = (
  group: string,
  name: string,
  more: RequestFeature['request'],
  read: RequestFeature['read'],
  rest: Partial<RequestFeature> = {},
): RequestFeature => ({ leg: 'request', group, name, request: more, read, ...rest })

export const weather: Tool & { kind: 'function' } = {
  kind: 'function',
  name: 'weather',
  description: 'The weather of a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
}
export const clock: Tool = { kind: 'function', name: 'clock', description: 'The time.' }

export const call = (id: string, name: string, args: string) =>
  ({ type: 'tool-call', id, name, kind: 'function', arguments: args }) as const
export const result = (id: string, text: string): ToolResultPart => ({
  type: 'tool-result',
  id,
  content: [{ type: 'text', text }],
})

export const loop: Message[] = [
  user('Weather?'),
  { role: 'assistant', parts: [{ type: 'text', text: 'I look.' }, call('call_1', 'weather', '{"city":"Bonn"}')] },
  { role: 'tool', parts: [result('call_1', 'RESULT')] },
  user('And?'),
]

/** Calls and results of the history, and what belongs to nothing. */
export function pairs({ messages }: ChatRequest) {
  const calls = messages.flatMap((message) =>
    message.role === 'assistant' ? message.parts.filter((part) => part.type === 'tool-call') : [],
  )
  const results = messages.flatMap((message) => (message.role === 'tool' ? message.parts : []))
  const text = (id: string): string[] =>
    results.flatMap((one) =>
      one.id === id ? [one.content.map((part) => (part.type === 'text' ? part.text : part.type)).join('')] : [],
    )
  return {
    calls: calls.map(({ id, name, arguments: args }) => ({ name, args: parsed(args), results: text(id) })),
    orphans: results.filter((one) => !calls.some(({ id }) => id === one.id)).length,
  }
}

function parsed(args: string): unknown {
  return args === '' ? {} : (JSON.parse(args) as unknown)
}

/** What a client of the language asks for a feature about requests. */
export function askedBy({ request: more }: RequestFeature, client: string): Partial<ChatRequest> {
  return typeof more === 'function' ? more(client) : more
}
