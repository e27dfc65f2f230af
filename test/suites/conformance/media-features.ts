import type { ChatReply, ReplyPart, StreamToken } from '../../../src/tokens/index.ts'
import type { ReplyFeature } from './feature.ts'

const at = { choice: 0, index: 0 }
const png = 'iVBORw0KGgo='

const answer = (...content: StreamToken[]): StreamToken[] => [
  { type: 'message-start', id: 'a1', model: 'model-1' },
  ...content,
  { type: 'text-start', choice: 0, index: 1 },
  { type: 'text-delta', choice: 0, index: 1, text: 'Here.' },
  { type: 'text-end', choice: 0, index: 1 },
  { type: 'finish', choice: 0, reason: 'stop' },
  { type: 'usage', usage: { input: 10, output: 5 } },
]

const image = (mediaType: string): StreamToken[] =>
  answer(
    { type: 'media-start', ...at, kind: 'image', mediaType },
    { type: 'media-delta', ...at, data: png },
    { type: 'media-end', ...at },
  )

const sound = (): StreamToken[] =>
  answer(
    { type: 'media-start', ...at, kind: 'audio', id: 'audio_1', mediaType: 'audio/wav' },
    { type: 'media-delta', ...at, transcript: 'Spoken ' },
    { type: 'media-delta', ...at, transcript: 'words. ' },
    { type: 'media-delta', ...at, data: 'UklGRgAAAAA=' },
    { type: 'media-end', ...at },
  )

const partsOf = ({ choices }: ChatReply): ReplyPart[] => choices[0]?.parts ?? []
const media = (kind: string, reply: ChatReply): unknown =>
  partsOf(reply).flatMap((part) => (part.type === 'media' && part.kind === kind ? [part.data] : []))

const group = 'Images, files and sound'
const reply = (name: string, tokens: ReplyFeature['tokens'], read: ReplyFeature['read']): ReplyFeature => ({
  leg: 'reply',
  group,
  name,
  tokens,
  read,
})

export const mediaReplies: ReplyFeature[] = [
  reply(
    'an image in the answer',
    () => image('image/png'),
    (it) => media('image', it),
  ),
  reply(
    'the kind of an image in the answer',
    () => image('image/webp'),
    (it) => partsOf(it).flatMap((part) => (part.type === 'media' ? [part.mediaType] : [])),
  ),
  reply('sound in the answer', sound, (it) => media('audio', it)),
  reply('what is spoken, in words', sound, (it) => {
    const words = partsOf(it).map((part) => (part.type === 'media' ? part.transcript : 'text' in part ? part.text : ''))
    return ['Spoken words.', 'Here.'].map((said) => words.join('').includes(said))
  }),
]
