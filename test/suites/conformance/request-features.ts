import type { ChatRequest } from '../../../src/tokens/index.ts'
import { assistant, call, clock, loop, pairs, request, result, user, weather } from './conversation.ts'
import type { RequestFeature } from './feature.ts'
import { historyFeatures } from './history-features.ts'
import { textsOf, turnsOf } from './read-request.ts'

const turns = [
  request('Text and turns', 'text in any script', { messages: [user('Grüße, 語, 😀, "quoted"\n\ttab')] }, textsOf),
  request('Text and turns', 'instructions', { system: [{ type: 'text', text: 'Be brief.' }] }, ({ system }) =>
    system.map(({ text }) => text),
  ),
  request(
    'Text and turns',
    'instructions in the middle of the conversation',
    {
      messages: [
        user('one'),
        assistant('two'),
        { role: 'system', parts: [{ type: 'text', text: 'Be loud.' }] },
        user('three'),
      ],
    },
    turnsOf,
  ),
  request('Text and turns', 'several turns', { messages: [user('one'), assistant('two'), user('three')] }, turnsOf),
  request(
    'Text and turns',
    'the beginning of the answer, given by the client',
    { messages: [user('one'), assistant('The answer is')] },
    turnsOf,
  ),
  request(
    'Text and turns',
    'the name of a speaker',
    { messages: [{ role: 'user', name: 'ada', parts: [{ type: 'text', text: 'Hi' }] }] },
    ({ messages }) => messages.map((message) => ('name' in message ? message.name : undefined)),
  ),
]

const toolsOf = ({ tools }: ChatRequest) =>
  tools.map((tool) =>
    tool.kind === 'function'
      ? { name: tool.name, description: tool.description, properties: tool.parameters?.properties ?? {} }
      : tool.name,
  )
const choiceOf = ({ toolChoice, tools }: ChatRequest) => ({ toolChoice, tools: tools.length })
const withTools = (more: Partial<ChatRequest>): Partial<ChatRequest> => ({ tools: [weather, clock], ...more })
const contents = ({ messages }: ChatRequest) =>
  messages.flatMap((message) =>
    message.role === 'tool'
      ? message.parts.flatMap(({ content }) =>
          content.map((part) =>
            part.type === 'image' || part.type === 'file' ? part.source : part.type === 'text' ? part.text : part.type,
          ),
        )
      : [],
  )

const tools = [
  request('Tools', 'a tool with a schema', { tools: [weather] }, toolsOf),
  request('Tools', 'a tool without arguments', { tools: [clock] }, toolsOf),
  request('Tools', 'a strict tool', { tools: [{ ...weather, strict: true }] }, ({ tools: [tool] }) =>
    tool?.kind === 'function' ? tool.strict : undefined,
  ),
  request(
    'Tools',
    'the choice is the model’s',
    withTools({ toolChoice: { mode: 'auto' } }),
    ({ toolChoice }) => toolChoice?.mode ?? 'auto',
  ),
  request('Tools', 'some tool must be called', withTools({ toolChoice: { mode: 'required' } }), choiceOf),
  request(
    'Tools',
    'this tool must be called',
    withTools({ toolChoice: { mode: 'one', name: 'clock' } }),
    ({ toolChoice }) => (toolChoice?.mode === 'one' ? toolChoice.name : toolChoice?.mode),
  ),
  request(
    'Tools',
    'no tool may be called',
    withTools({ toolChoice: { mode: 'none' } }),
    ({ toolChoice, tools }) => toolChoice?.mode === 'none' || tools.length === 0,
  ),
  request(
    'Tools',
    'no tool may be called any more',
    withTools({ toolChoice: { mode: 'none' }, messages: loop }),
    ({ toolChoice, tools }) => toolChoice?.mode === 'none' || tools.length === 0,
  ),
  request(
    'Tools',
    'some of the tools may be called',
    withTools({ toolChoice: { mode: 'subset', names: ['clock'], required: false } }),
    ({ toolChoice, tools }) => (toolChoice?.mode === 'subset' ? toolChoice.names : tools.map(({ name }) => name)),
  ),
  request('Tools', 'one call at a time', withTools({ parallelToolCalls: false }), (it) => it.parallelToolCalls),
  request('Tools', 'a call and its result', { messages: loop, tools: [weather] }, pairs),
  request(
    'Tools',
    'parallel calls and their results',
    {
      tools: [weather, clock],
      messages: [
        user('Both?'),
        {
          role: 'assistant',
          parts: [call('call_1', 'weather', '{"city":"Bonn"}'), call('call_2', 'weather', '{"city":"Köln"}')],
        },
        { role: 'tool', parts: [result('call_1', 'rain'), result('call_2', 'sun')] },
      ],
    },
    pairs,
  ),
  request(
    'Tools',
    'a call without arguments in the history',
    {
      tools: [clock],
      messages: [
        user('Time?'),
        { role: 'assistant', parts: [call('call_1', 'clock', '')] },
        { role: 'tool', parts: [result('call_1', 'noon')] },
      ],
    },
    pairs,
  ),
  request(
    'Tools',
    'a result that is an error',
    {
      tools: [weather],
      messages: [
        ...loop.slice(0, 2),
        { role: 'tool', parts: [{ ...result('call_1', 'no such city'), isError: true }] },
      ],
    },
    ({ messages }) => messages.flatMap((one) => (one.role === 'tool' ? one.parts.map(({ isError }) => isError) : [])),
  ),
  request(
    'Tools',
    'a result with an image',
    {
      tools: [weather],
      messages: [
        ...loop.slice(0, 2),
        {
          role: 'tool',
          parts: [
            {
              type: 'tool-result',
              id: 'call_1',
              content: [
                { type: 'text', text: 'see' },
                { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } },
              ],
            },
          ],
        },
      ],
    },
    contents,
  ),
  request(
    'Tools',
    'a result with a PDF',
    {
      tools: [weather],
      messages: [
        ...loop.slice(0, 2),
        {
          role: 'tool',
          parts: [
            {
              type: 'tool-result',
              id: 'call_1',
              content: [
                { type: 'text', text: 'see' },
                { type: 'file', source: { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' } },
              ],
            },
          ],
        },
      ],
    },
    contents,
  ),
  request(
    'Tools',
    'a free-text call in the history',
    {
      tools: [{ kind: 'custom', name: 'patch' }],
      messages: [
        user('Mend it.'),
        { role: 'assistant', parts: [{ ...call('call_1', 'patch', '*** a "patch"'), kind: 'custom' }] },
        { role: 'tool', parts: [result('call_1', 'done')] },
      ],
    },
    ({ messages }) =>
      messages.flatMap((message) =>
        message.role === 'assistant'
          ? message.parts.flatMap((part) => (part.type === 'tool-call' ? [inputOf(part.arguments)] : []))
          : [],
      ),
  ),
]

export const requestFeatures: RequestFeature[] = [...turns, ...historyFeatures, ...tools]

/** The text of a free-text call, which stands in a field where the language has only objects. */
function inputOf(args: string): unknown {
  return args.startsWith('{') ? (JSON.parse(args) as { input?: unknown }).input : args
}
