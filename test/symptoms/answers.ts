import type { ServerResponse } from 'node:http'
import {
  block,
  callDelta,
  candidate,
  chatUsage,
  chunk,
  done,
  functionCall,
  messageEnd,
  messageStart,
  response,
  sse,
  toolUse,
} from './events.ts'

/** With all that strict readers take for granted. */
function answer(status: string, output: object[] = [], more: object = {}): object {
  return response(status, output, {
    error: null,
    incomplete_details: null,
    tools: [],
    ...more,
    usage: {
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 4,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 13,
    },
  })
}

/** The languages of providers that stream events, and of the clients whose SDKs read them. */
export const languages = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const
export type Language = (typeof languages)[number]

/** Every client before every provider. */
export const pairs = languages.flatMap((client) => languages.map((upstream) => [client, upstream] as const))

/** The pieces of an ordinary answer of a provider. */
export interface Played {
  /** What comes before there is any content. */
  start: string
  /** One event for each piece of text. */
  texts: string[]
  end: string
}

export function played(language: Language, ...said: string[]): Played {
  const whole = said.join('')
  switch (language) {
    case 'openai-chat':
      return {
        start: sse(chunk({ role: 'assistant', content: '' })),
        texts: said.map((content) => sse(chunk({ content }))),
        end: sse(chunk({}, 'stop'), { ...chunk({}), choices: [], usage: chatUsage }) + done,
      }
    case 'anthropic-messages': {
      const [start, ...rest] = block(
        0,
        { type: 'text', text: '' },
        ...said.map((text) => ({ type: 'text_delta', text })),
      )
      return {
        start: sse(messageStart(), start!),
        texts: rest.slice(0, -1).map((delta) => sse(delta)),
        end: sse(rest.at(-1)!, ...messageEnd('end_turn')),
      }
    }
    case 'gemini':
      return {
        start: sse(candidate([{ text: '' }])),
        texts: said.map((text) => sse(candidate([{ text }]))),
        end: sse({
          ...candidate([], { finishReason: 'STOP' }),
          usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
        }),
      }
    case 'openai-responses': {
      const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }
      const part = { type: 'output_text', text: whole, annotations: [], logprobs: [] }
      const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content: [part] }
      return numbered([
        [
          { type: 'response.created', response: answer('in_progress') },
          { type: 'response.in_progress', response: answer('in_progress') },
          {
            type: 'response.output_item.added',
            output_index: 0,
            item: { ...item, status: 'in_progress', content: [] },
          },
          { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
        ],
        said.map((delta) => ({ type: 'response.output_text.delta', ...at, delta, logprobs: [] })),
        [
          { type: 'response.output_text.done', ...at, text: whole, logprobs: [] },
          { type: 'response.content_part.done', ...at, part },
          { type: 'response.output_item.done', output_index: 0, item },
          { type: 'response.completed', response: answer('completed', [item]) },
        ],
      ])
    }
  }
}

/** The answer in one piece, as it comes over the wire. */
export function spoken(language: Language, ...said: string[]): string {
  const { start, texts, end } = played(language, ...said)
  return start + texts.join('') + end
}

/** The beginning of one that says `one two` and goes on. */
export function middle(language: Language): string {
  const { start, texts } = played(language, 'one ', 'two')
  return start + texts.join('')
}

/** The head of a stream and what has come of it so far; nothing ends it. */
export function begin(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (text === '') response.flushHeaders()
  else response.write(text)
}

/** A provider that does as it is told, and `gone` once nobody listens to it any more. */
export function deserted(play: (response: ServerResponse) => void): {
  play: (response: ServerResponse) => void
  gone: Promise<void>
} {
  const { promise: gone, resolve } = Promise.withResolvers<void>()
  return {
    gone,
    play(response) {
      response.on('close', resolve)
      play(response)
    },
  }
}

/** A whole answer of the tool `look`, its arguments in fragments where the language has fragments. */
export function called(language: Language, ...fragments: string[]): string {
  const whole = fragments.join('')
  switch (language) {
    case 'openai-chat':
      return (
        sse(
          chunk(callDelta(0, '', { id: 'call_1', name: 'look' })),
          ...fragments.map((one) => chunk(callDelta(0, one))),
          chunk({}, 'tool_calls'),
        ) + done
      )
    case 'anthropic-messages':
      return sse(messageStart(), ...toolUse(0, 'toolu_1', 'look', ...fragments), ...messageEnd('tool_use'))
    case 'gemini':
      return sse(candidate([functionCall('look', JSON.parse(whole) as object)], { finishReason: 'STOP' }))
    case 'openai-responses': {
      const at = { item_id: 'fc_1', output_index: 0 }
      const item = { id: 'fc_1', type: 'function_call', call_id: 'call_1', name: 'look', arguments: whole }
      const { start, texts, end } = numbered([
        [
          { type: 'response.created', response: answer('in_progress') },
          { type: 'response.output_item.added', output_index: 0, item: { ...item, arguments: '' } },
        ],
        fragments.map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
        [
          { type: 'response.function_call_arguments.done', ...at, arguments: whole },
          { type: 'response.output_item.done', output_index: 0, item },
          { type: 'response.completed', response: answer('completed', [item]) },
        ],
      ])
      return start + texts.join('') + end
    }
  }
}

/** The same of a provider that does not stream: one JSON text. */
export function whole(language: Language, text: string): string {
  const json: Record<Language, object> = {
    'openai-chat': {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: chatUsage,
    },
    'openai-responses': answer('completed', [
      {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [] }],
      },
    ]),
    'anthropic-messages': {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 4 },
    },
    gemini: {
      ...candidate([{ text }], { finishReason: 'STOP' }),
      usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
    },
  }
  return JSON.stringify(json[language])
}

/** An event that says nothing but that the provider is there. */
export const alive: Record<Language, string> = {
  'openai-chat': ': PROCESSING\n\n',
  'openai-responses': sse({ type: 'keepalive', sequence_number: 0 }),
  'anthropic-messages': sse({ type: 'ping' }),
  gemini: ': PROCESSING\n\n',
}

/** An event that says that the provider has too much to do. */
export const overloaded: Record<Language, string> = {
  'openai-chat': sse({ error: { message: 'too busy', type: 'server_error', code: 503 } }),
  'openai-responses': sse({
    type: 'response.failed',
    sequence_number: 9,
    response: answer('failed', [], { error: { code: 'server_is_overloaded', message: 'too busy' } }),
  }),
  'anthropic-messages': sse({ type: 'error', error: { type: 'overloaded_error', message: 'too busy' } }),
  gemini: sse({ error: { code: 503, status: 'UNAVAILABLE', message: 'too busy' } }),
}

function numbered([start, texts, end]: [object[], object[], object[]]): Played {
  let number = 0
  const write = (one: object): string => sse({ ...one, sequence_number: number++ })
  return { start: start.map(write).join(''), texts: texts.map(write), end: end.map(write).join('') }
}
