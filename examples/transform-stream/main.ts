/**
 * Transformers over an answer while it streams: reasoning out of `<think>` tags, personal data taken out, a stop sequence.
 * Tags, addresses and the sequence are torn over deltas, and a whole answer goes through the same ones.
 * Run: npx node --conditions=source examples/transform-stream/main.ts
 */
import { TransformerChain, TransformerStage, transformReply } from 'sluice/pipeline'
import { fold, type StreamToken } from 'sluice/tokens'

const makers = TransformerChain.fromNames(['think-extraction', 'redaction', 'stop-sequences'], {
  redaction: { kinds: ['email'] },
  'stop-sequences': { sequences: ['END'] },
})

const deltas = ['<thi', 'nk>Who knows', '?</think>\n', 'Ask joe@exa', 'mple.com today', '.', 'E', 'ND and more']
const at = { choice: 0, index: 0 }
const answer: StreamToken[] = [
  { type: 'message-start', model: 'example' },
  { type: 'text-start', ...at },
  ...deltas.map((text): StreamToken => ({ type: 'text-delta', ...at, text })),
  { type: 'text-end', ...at },
  { type: 'finish', choice: 0, reason: 'stop' },
]

// The row by hand, to see each token as it leaves; a StreamingPipeline does the same for a live stream.
const print = (token: StreamToken): void => console.log(JSON.stringify(token))
const emit = makers.reduceRight<(token: StreamToken) => void>((next, make) => {
  const stage = new TransformerStage(make())
  return (token) => stage.push(token, next)
}, print)
for (const token of answer) emit(token)

console.log('\nThe same answer, whole:')
console.log(JSON.stringify(transformReply(fold(answer), makers).choices, null, 2))
