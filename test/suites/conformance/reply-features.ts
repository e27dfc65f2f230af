import type { DialectName } from '../../../src/dialects/index.ts'
import type {
  ChatReply,
  ChatRequest,
  FinishReason,
  JsonObject,
  ReplyPart,
  StreamToken,
  Tool,
  Usage,
} from '../../../src/tokens/index.ts'
import type { ReplyFeature } from './feature.ts'

const weather: Tool = {
  kind: 'function',
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
}
const clock: Tool = { kind: 'function', name: 'clock', parameters: { type: 'object' } }
const tools = { tools: [weather, clock] }

const at = (index: number, choice = 0) => ({ choice, index })
const text = (index: number, ...pieces: string[]): StreamToken[] => [
  { type: 'text-start', ...at(index) },
  ...pieces.map((piece) => ({ type: 'text-delta' as const, ...at(index), text: piece })),
  { type: 'text-end', ...at(index) },
]
const thought = (index: number, ...pieces: string[]): StreamToken[] => [
  { type: 'reasoning-start', ...at(index) },
  ...pieces.map((piece) => ({ type: 'reasoning-delta' as const, ...at(index), text: piece })),
  { type: 'reasoning-end', ...at(index) },
]
const call = (
  index: number,
  name: string,
  pieces: string[],
  kind: 'function' | 'custom' = 'function',
): StreamToken[] => [
  { type: 'tool-call-start', ...at(index), id: `call_${index}`, name, kind },
  ...pieces.map((piece) => ({ type: 'tool-call-delta' as const, ...at(index), arguments: piece })),
  { type: 'tool-call-end', ...at(index) },
]
const usual: Usage = { input: 10, output: 5 }
const answer = (content: StreamToken[], reason: FinishReason = 'stop', usage: Usage = usual): StreamToken[] => [
  { type: 'message-start', id: 'a1', model: 'model-1' },
  ...content,
  { type: 'finish', choice: 0, reason },
  { type: 'usage', usage },
]

const partsOf = ({ choices }: ChatReply): ReplyPart[] => choices[0]?.parts ?? []
const said = (reply: ChatReply): string =>
  partsOf(reply)
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
const calls = (reply: ChatReply): unknown =>
  partsOf(reply).flatMap((part) =>
    part.type === 'tool-call'
      ? [{ name: part.name, kind: part.kind, input: part.kind === 'custom' ? part.arguments : parsed(part.arguments) }]
      : [],
  )
const parsed = (args: string): unknown => (args === '' ? {} : JSON.parse(args))
const kinds = (reply: ChatReply): string[] => partsOf(reply).map(({ type }) => type)
const ending = ({ choices }: ChatReply): unknown => choices[0]?.finish.reason

type Tokens = StreamToken[] | ((upstream: DialectName) => StreamToken[])
const reply = (
  group: string,
  name: string,
  tokens: Tokens,
  read: ReplyFeature['read'],
  asked?: Partial<ChatRequest>,
): ReplyFeature => ({
  leg: 'reply',
  group,
  name,
  tokens: typeof tokens === 'function' ? tokens : () => tokens,
  read,
  ...(asked && { asked }),
})

const scripts = text(0, 'Gr', 'üße ', '語', '😀', ' "q"\n', '\\')

const texts = [
  reply('The answer’s text', 'text in any script, torn at every kind of byte', answer(scripts), said),
  reply('The answer’s text', 'an empty answer', answer([]), said),
  reply('The answer’s text', 'the name of the model', answer(text(0, 'a')), ({ model }) => model),
  reply(
    'The answer’s text',
    'a refusal as such',
    answer([
      { type: 'text-start', ...at(0), refusal: true },
      { type: 'text-delta', ...at(0), text: 'I will not.' },
      { type: 'text-end', ...at(0) },
    ]),
    (it) => partsOf(it).map((part) => (part.type === 'text' ? [part.text, part.refusal ?? false] : part.type)),
  ),
  reply('The answer’s text', 'sources', cited, (it) => JSON.stringify(it).includes('https://example.org/source')),
  reply('The answer’s text', 'passages of a document that vouch for it', quoted, (it) =>
    partsOf(it).flatMap((part) => (part.type === 'text' ? (part.citations ?? []).map(({ citation }) => citation) : [])),
  ),
  reply(
    'The answer’s text',
    'log-probabilities',
    answer([
      { type: 'text-start', ...at(0) },
      { type: 'text-delta', ...at(0), text: 'yes', logprobs: [{ token: 'yes', logprob: -0.5, top_logprobs: [] }] },
      { type: 'text-end', ...at(0) },
    ]),
    (it) =>
      partsOf(it).flatMap((part) =>
        part.type === 'text' ? (part.logprobs ?? []).map(({ token, logprob }) => [token, logprob]) : [],
      ),
    { sampling: { logprobs: true } },
  ),
  reply(
    'The answer’s text',
    'several answers, each by its number',
    [
      { type: 'message-start', id: 'a1', model: 'model-1' },
      ...[0, 1].flatMap((choice): StreamToken[] => [
        { type: 'text-start', ...at(0, choice) },
        { type: 'text-delta', ...at(0, choice), text: `answer ${choice}` },
        { type: 'text-end', ...at(0, choice) },
        { type: 'finish', choice, reason: 'stop' },
      ]),
      { type: 'usage', usage: usual },
    ],
    ({ choices }) => choices.map(({ choice, parts }) => [choice, parts.map((part) => 'text' in part && part.text)]),
    { choices: 2 },
  ),
]

function cited(upstream: DialectName): StreamToken[] {
  const url = 'https://example.org/source'
  const web = { url, title: 'Source' }
  const shapes: Record<string, JsonObject> = {
    'openai-chat': { type: 'url_citation', url_citation: { ...web, start_index: 0, end_index: 5 } },
    'anthropic-messages': {
      type: 'web_search_result_location',
      ...web,
      cited_text: 'Water',
      encrypted_index: 'x',
    },
    'bedrock-converse': { title: 'Source', location: { web: { url } } },
  }
  const citation = shapes[upstream] ?? { type: 'url_citation', ...web, start_index: 0, end_index: 5 }
  const [start, delta, end] = text(0, 'Water is wet.')
  return answer([start!, delta!, { type: 'citation', ...at(0), dialect: upstream, citation }, end!])
}

function quoted(upstream: DialectName): StreamToken[] {
  const shapes: Record<string, JsonObject> = {
    'anthropic-messages': {
      type: 'char_location',
      cited_text: 'Water',
      document_index: 0,
      document_title: 'Facts',
      start_char_index: 0,
      end_char_index: 5,
    },
    'bedrock-converse': { title: 'Facts', location: { documentChar: { documentIndex: 0, start: 0, end: 5 } } },
  }
  const [start, delta, end] = text(0, 'Water is wet.')
  // Where there is no such thing, nobody says it either.
  const [dialect, citation] = shapes[upstream] ? [upstream, shapes[upstream]] : ['nobody', { title: 'Facts' }]
  return answer([start!, delta!, { type: 'citation', ...at(0), dialect, citation }, end!])
}

const both = [...call(0, 'weather', ['{"city":', '"Bonn"}']), ...call(1, 'weather', ['{"ci', 'ty":"Köln"}'])]

const toolReplies = [
  reply('Calls of tools', 'one call', answer(call(0, 'weather', ['{"city":"Bonn"}']), 'tool_calls'), calls, tools),
  reply(
    'Calls of tools',
    'arguments in fragments',
    answer(call(0, 'weather', ['{', '"ci', 'ty"', ':"K', 'ö', 'ln 😀', '"}']), 'tool_calls'),
    calls,
    tools,
  ),
  reply('Calls of tools', 'parallel calls', answer(both, 'tool_calls'), calls, tools),
  reply(
    'Calls of tools',
    'calls whose fragments are interleaved',
    answer(
      [
        { type: 'tool-call-start', ...at(0), id: 'call_0', name: 'weather', kind: 'function' },
        { type: 'tool-call-start', ...at(1), id: 'call_1', name: 'weather', kind: 'function' },
        { type: 'tool-call-delta', ...at(1), arguments: '{"city":' },
        { type: 'tool-call-delta', ...at(0), arguments: '{"city":' },
        { type: 'tool-call-delta', ...at(1), arguments: '"Köln"}' },
        { type: 'tool-call-delta', ...at(0), arguments: '"Bonn"}' },
        { type: 'tool-call-end', ...at(0) },
        { type: 'tool-call-end', ...at(1) },
      ],
      'tool_calls',
    ),
    calls,
    tools,
  ),
  reply('Calls of tools', 'a call without arguments', answer(call(0, 'clock', []), 'tool_calls'), calls, tools),
  reply(
    'Calls of tools',
    'a free-text call',
    answer(call(0, 'patch', ['*** a "patch"\n'], 'custom'), 'tool_calls'),
    calls,
    {
      tools: [{ kind: 'custom', name: 'patch' }],
    },
  ),
  reply(
    'Calls of tools',
    'a name that not every API takes',
    answer(call(0, 'files.read/all', ['{}']), 'tool_calls'),
    calls,
    {
      tools: [{ kind: 'function', name: 'files.read/all', parameters: { type: 'object' } }],
    },
  ),
  reply('Calls of tools', 'the ids of calls', answer(both, 'tool_calls'), (it) =>
    partsOf(it).map((part) => (part.type === 'tool-call' ? part.id : part.type)),
  ),
  reply(
    'Calls of tools',
    'text before a call',
    answer([...text(0, 'I look.'), ...call(1, 'clock', ['{}'])], 'tool_calls'),
    kinds,
    tools,
  ),
  reply(
    'Calls of tools',
    'text behind a call',
    answer([...call(0, 'clock', ['{}']), ...text(1, 'Looking.')], 'tool_calls'),
    kinds,
    tools,
  ),
]

const thinking = { reasoning: { effort: 'high', visible: true } } as const
const reasonings = (it: ChatReply): string[] =>
  partsOf(it).flatMap((part) => (part.type === 'reasoning' ? [part.text] : []))

const thoughts = [
  reply(
    'Reasoning',
    'the text of reasoning',
    answer([...thought(0, 'Let me ', 'see, 語.'), ...text(1, 'Yes.')]),
    (it) => [reasonings(it), said(it)],
    thinking,
  ),
  reply(
    'Reasoning',
    'reasoning between two texts',
    answer([...text(0, 'One. '), ...thought(1, 'Hm.'), ...text(2, 'Two.')]),
    (it) => [kinds(it), reasonings(it), said(it)],
    thinking,
  ),
]

const reasons: Array<[FinishReason, string]> = [
  ['stop', 'the answer is whole'],
  ['length', 'the longest length is reached'],
  ['stop_sequence', 'a stop sequence came'],
  ['content_filter', 'a filter stepped in'],
  ['context_full', 'the context is full'],
  ['paused', 'the provider paused'],
  ['malformed_call', 'the model wrote no proper call'],
]

const endings = [
  reply(
    'How it ended',
    'which stop sequence it was',
    answer(text(0, 'a'), 'stop_sequence').map((token) =>
      token.type === 'finish' ? { ...token, stopSequence: 'END' } : token,
    ),
    ({ choices }) => choices[0]?.finish.stopSequence,
  ),
  ...reasons.map(([reason, name]) => reply('How it ended', name, answer(text(0, 'a'), reason), ending)),
  reply('How it ended', 'tools are to be called', answer(call(0, 'clock', ['{}']), 'tool_calls'), ending, tools),
]

const counted = (usage: Usage, ...fields: Array<keyof Usage>): [StreamToken[], ReplyFeature['read']] => [
  answer(text(0, 'a'), 'stop', usage),
  (it) => fields.map((field) => it.usage?.[field] ?? 0),
]

const usages = [
  reply('Usage', 'tokens in and out', ...counted({ input: 100, output: 20 }, 'input', 'output')),
  reply(
    'Usage',
    'tokens read from a cache',
    ...counted({ input: 100, output: 20, cacheRead: 60 }, 'input', 'cacheRead'),
  ),
  reply(
    'Usage',
    'tokens written to a cache',
    ...counted({ input: 100, output: 20, cacheRead: 10, cacheWrite: 30 }, 'input', 'cacheWrite'),
  ),
  reply('Usage', 'tokens of reasoning', ...counted({ input: 100, output: 20, reasoning: 15 }, 'output', 'reasoning')),
]

const unknowns = [
  reply(
    'Usage',
    'what is not known is not zero',
    answer(text(0, 'a')).filter(({ type }) => type !== 'usage'),
    (it) => it.usage?.output,
  ),
]

const disturbed: ReplyFeature[] = [
  {
    ...reply('When something goes wrong', 'an event that nobody knows', answer(scripts), (it) => [
      said(it),
      ending(it),
    ]),
    disturbed: 'unknown-event',
  },
  {
    ...reply('When something goes wrong', 'the stream breaks off', answer(text(0, ...'abcdefghijklmnop')), said),
    disturbed: 'truncated',
  },
]

export const replyFeatures: ReplyFeature[] = [
  ...texts,
  ...toolReplies,
  ...thoughts,
  ...endings,
  ...usages,
  ...unknowns,
  ...disturbed,
]
