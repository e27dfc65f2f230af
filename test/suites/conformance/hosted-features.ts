import type { DialectName } from '../../../src/dialects/index.ts'
import type { ChatReply, ChatRequest, HostedPart, JsonObject, StreamToken } from '../../../src/tokens/index.ts'
import { request, user } from './conversation.ts'
import type { ReplyFeature, RequestFeature } from './feature.ts'
import { chat, gemini, messages, responses } from './loss.ts'

/** A search tool that runs at the vendor, as each language offers it. */
const tools: Record<string, { name: string; definition: JsonObject }> = {
  [responses]: { name: 'web_search', definition: { type: 'web_search' } },
  [messages]: { name: 'web_search', definition: { type: 'web_search_20250305', name: 'web_search' } },
  [gemini]: { name: 'googleSearch', definition: { googleSearch: {} } },
}

const offered = (client: string): Partial<ChatRequest> => {
  // A field of its own, since all tools of this API are run by the client.
  if (client === chat) return { extra: { dialect: chat, fields: { web_search_options: {} } } }
  const tool = tools[client]
  return tool ? { tools: [{ kind: 'hosted', dialect: client, ...tool }] } : {}
}
const isOffered = ({ tools, extra }: ChatRequest): boolean =>
  tools.some(({ kind }) => kind === 'hosted') || extra.fields.web_search_options !== undefined
/** The work of such a tool, as an answer shows it and as the next request hands it back. */
const work: Record<string, JsonObject[]> = {
  [responses]: [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'water' } },
  ],
  [messages]: [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'water' } },
    {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://example.org', title: 'Water', encrypted_content: 'eA==' }],
    },
  ],
  [gemini]: [
    { executableCode: { language: 'PYTHON', code: 'print(1)' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
  ],
}

const worked = (client: string): Partial<ChatRequest> => ({
  messages: [
    user('Is water wet?'),
    {
      role: 'assistant',
      parts: [
        ...(work[client] ?? []).map((block): HostedPart => ({ type: 'hosted', dialect: client, block })),
        { type: 'text', text: 'Yes.' },
      ],
    },
    user('Sure?'),
  ],
})
const workOf = ({ messages }: ChatRequest): unknown =>
  messages.flatMap(({ parts }) => (parts as Array<{ type: string }>).filter(({ type }) => type === 'hosted')).length > 0

const group = 'Tools that run at the provider'

export const hostedRequests: RequestFeature[] = [
  request(group, 'such a tool is offered', offered, isOffered, { want: true }),
  request(
    group,
    'such a tool must be used',
    (client) => ({ ...offered(client), toolChoice: { mode: 'one', name: tools[client]?.name ?? 'web_search' } }),
    (it) => isOffered(it) && it.toolChoice?.mode === 'one',
    { want: true },
  ),
  request(group, 'its work in the history', worked, workOf, { want: true }),
]

function told(upstream: DialectName): StreamToken[] {
  const blocks = work[upstream] ?? [{ type: 'search' }]
  return [
    { type: 'message-start', id: 'a1', model: 'model-1' },
    ...blocks.flatMap((block, index): StreamToken[] => {
      const at = { choice: 0, index, dialect: work[upstream] ? upstream : 'nobody' }
      if (!String(block.type).endsWith('_tool_use')) return [{ type: 'hosted-result', ...at, block }]
      const { input, ...opening } = block
      return [
        { type: 'hosted-call-start', ...at, block: { ...opening, input: {} } },
        { type: 'hosted-call-delta', choice: 0, index, arguments: JSON.stringify(input) },
        { type: 'hosted-call-end', choice: 0, index },
      ]
    }),
    { type: 'text-start', choice: 0, index: 9 },
    { type: 'text-delta', choice: 0, index: 9, text: 'Yes.' },
    { type: 'text-end', choice: 0, index: 9 },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage: { input: 10, output: 5 } },
  ]
}

/** The answer's text, and the kinds of the blocks around it. */
function shown({ choices }: ChatReply): unknown {
  return (choices[0]?.parts ?? []).flatMap((part) => {
    if (part.type === 'text') return part.text === '' ? [] : [part.text]
    return 'block' in part ? [String(part.block.type ?? Object.keys(part.block)[0])] : [part.type]
  })
}

export const hostedReplies: ReplyFeature[] = [
  { leg: 'reply', group, name: 'what it did, in the answer', tokens: told, read: shown },
]
