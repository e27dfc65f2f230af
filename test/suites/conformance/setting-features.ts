import type { ChatRequest, FilePart, ImagePart, UserPart } from '../../../src/tokens/index.ts'
import { request, weather } from './conversation.ts'
import type { RequestFeature } from './feature.ts'

const said = (part: UserPart): Partial<ChatRequest> => ({
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'What is it?' }, part] }],
})
const sources = ({ messages }: ChatRequest) =>
  messages.flatMap(({ parts }) =>
    (parts as UserPart[]).flatMap((part) =>
      part.type === 'image' || part.type === 'file' ? [[part.type, part.source]] : [],
    ),
  )
const image = (source: ImagePart['source'], more: Partial<ImagePart> = {}) => said({ type: 'image', source, ...more })
const file = (source: FilePart['source'], more: Partial<FilePart> = {}) => said({ type: 'file', source, ...more })
const png = { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const
const pdf = { kind: 'base64', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' } as const

const media = [
  request('Images, files and sound', 'an image as bytes', image(png), sources),
  request(
    'Images, files and sound',
    'an image by its address',
    image({ kind: 'url', url: 'https://example.org/a.png' }),
    sources,
  ),
  request('Images, files and sound', 'how closely to look at it', image(png, { detail: 'low' }), ({ messages }) =>
    messages.flatMap(({ parts }) =>
      (parts as UserPart[]).flatMap((part) => (part.type === 'image' ? [part.detail] : [])),
    ),
  ),
  request('Images, files and sound', 'a PDF as bytes', file(pdf, { filename: 'a.pdf' }), sources),
  request(
    'Images, files and sound',
    'a PDF by its address',
    file({ kind: 'url', url: 'https://example.org/a.pdf' }),
    sources,
  ),
  request('Images, files and sound', 'a file by the vendor’s id', file({ kind: 'file', id: 'file-1' }), sources),
  request(
    'Images, files and sound',
    'a document that is plain text',
    file({ kind: 'text', text: 'Plain words.' }, { title: 'Words' }),
    ({ messages }) => JSON.stringify(messages).includes('Plain words.'),
  ),
  request(
    'Images, files and sound',
    'sound',
    said({ type: 'audio', data: 'UklGRgAAAAA=', format: 'wav' }),
    ({ messages }) =>
      messages.flatMap(({ parts }) =>
        (parts as UserPart[]).flatMap((part) => (part.type === 'audio' ? [part.data, part.format] : [])),
      ),
  ),
]

const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}

const reasoning = [
  request('Reasoning', 'how much to think, as a step', { reasoning: { effort: 'high' } }, (it) => it.reasoning?.effort),
  request(
    'Reasoning',
    'how much to think, in tokens',
    { reasoning: { budget: 4096 }, maxOutput: 8192 },
    (it) => it.reasoning?.budget,
  ),
  request('Reasoning', 'not to think', { reasoning: { effort: 'none' } }, ({ reasoning }) =>
    reasoning?.budget === 0 ? 'none' : reasoning?.effort,
  ),
]

const output = [
  request('Shape of the answer', 'any JSON', { output: { type: 'json' } }, ({ output }) => output?.type),
  request(
    'Shape of the answer',
    'JSON of a schema',
    { output: { type: 'json-schema', name: 'place', schema, strict: true } },
    ({ output }) => (output?.type === 'json-schema' ? output.schema.properties : output?.type),
  ),
  request('Shape of the answer', 'its longest', { maxOutput: 77 }, ({ maxOutput }) => maxOutput),
  request('Shape of the answer', 'stop sequences', { stop: ['END', '##'] }, ({ stop }) => stop),
  request('Shape of the answer', 'several answers', { choices: 3 }, ({ choices }) => choices),
  request('Shape of the answer', 'how wordy', { verbosity: 'low' }, ({ verbosity }) => verbosity),
]

const sampling = [
  request('Sampling', 'temperature', { sampling: { temperature: 0.5 } }, ({ sampling }) => sampling.temperature),
  request('Sampling', 'temperature over 1', { sampling: { temperature: 1.5 } }, ({ sampling }) => sampling.temperature),
  request('Sampling', 'top-p', { sampling: { topP: 0.9 } }, ({ sampling }) => sampling.topP),
  request('Sampling', 'top-k', { sampling: { topK: 40 } }, ({ sampling }) => sampling.topK),
  request('Sampling', 'seed', { sampling: { seed: 7 } }, ({ sampling }) => sampling.seed),
  request('Sampling', 'penalties', { sampling: { presencePenalty: 0.5, frequencyPenalty: 0.25 } }, ({ sampling }) => [
    sampling.presencePenalty,
    sampling.frequencyPenalty,
  ]),
  request(
    'Sampling',
    'log-probabilities, asked for',
    { sampling: { logprobs: true, topLogprobs: 2 } },
    ({ sampling }) => [sampling.logprobs, sampling.topLogprobs],
  ),
  request(
    'Sampling',
    'bias of tokens',
    { sampling: { logitBias: { '50256': -100 } } },
    ({ sampling }) => sampling.logitBias,
  ),
]

const rest = [
  request(
    'Around the conversation',
    'marks behind which the prompt is cached',
    {
      messages: [
        {
          role: 'user',
          parts: [
            { type: 'text', text: 'Long.', cache: {} },
            { type: 'text', text: 'Ask.' },
          ],
        },
      ],
    },
    ({ messages }) =>
      messages.flatMap(({ parts }) => (parts as UserPart[]).map((part) => 'cache' in part && part.cache !== undefined)),
  ),
  request(
    'Around the conversation',
    'a mark behind the instructions',
    { system: [{ type: 'text', text: 'Be brief.', cache: {} }] },
    ({ system, messages }) =>
      [...system, ...messages.flatMap((one) => (one.role === 'system' ? one.parts : []))].some(
        ({ cache }) => cache !== undefined,
      ),
  ),
  request(
    'Around the conversation',
    'a mark behind the tools',
    { tools: [{ ...weather, cache: {} }] },
    ({ tools: [tool] }) => tool !== undefined && 'cache' in tool && tool.cache !== undefined,
  ),
  request(
    'Around the conversation',
    'how long the prompt is to be cached',
    { messages: [{ role: 'user', parts: [{ type: 'text', text: 'Long.', cache: { ttl: '1h' } }] }] },
    ({ messages }) =>
      (messages as Array<{ parts: UserPart[] }>).flatMap(({ parts }) =>
        parts.map((part) => 'cache' in part && part.cache?.ttl),
      ),
  ),
  request('Around the conversation', 'the end user', { user: 'user-1' }, ({ user }) => user),
  request('Around the conversation', 'metadata', { metadata: { job: 'x' } }, ({ metadata }) => metadata?.job),
  request(
    'Around the conversation',
    'the tier of service',
    { serviceTier: 'priority' },
    ({ serviceTier }) => serviceTier,
  ),
]

export const settingFeatures: RequestFeature[] = [...media, ...reasoning, ...output, ...sampling, ...rest]
