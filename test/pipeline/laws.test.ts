import {
  ContentFilter,
  DeltaSmoothing,
  FieldRenaming,
  MaxTokens,
  type PatternOptions,
  Redaction,
  StopSequences,
  TextReplacement,
  ThinkExtraction,
  TokenAccumulator,
  UsageEstimation,
} from '../../src/pipeline/index.ts'
import { describeLaws } from './laws.ts'

const everywhere = { text: true, reasoning: true, arguments: true }
const secret: PatternOptions = { pattern: /x\d+y/, longest: 6, begins: /x/ }
const patterns = ['secret', 'sec', 'cretin', 'aab', 'a', '😀😁', secret]
const words = ['s', 'ec', 're', 't', 'in', 'secretin', 'a', 'aa', 'b', '\ud83d', '😀', '😁', 'x1', '2', '3456', 'y']
const tags = ['<', '<th', 'ink>', '<think>', '</think>', '</thi', 'nk>', '\n', ' ', 'a', '<thought>', '</thought>', '>']
const data = [
  'joe',
  '@',
  'example',
  '.com',
  'sk-',
  'abcdefghijklmnop',
  '4111 1111 ',
  '11111111',
  ' ',
  '192.0.',
  '2.1',
  '+1 415',
  '5552671',
]

for (const action of ['replace', 'drop', 'end', 'error'] as const) {
  const options = { patterns, action, where: everywhere, choices: 2 }
  describeLaws(`ContentFilter, ${action}`, () => new ContentFilter(options), { pieces: words })
}
const insensitive = { patterns: ['SECRET', 'É'], ignoreCase: true }
describeLaws('ContentFilter, any case', () => new ContentFilter(insensitive), { pieces: ['Se', 'cR', 'ET', 'T', 'É'] })

const replacement = { replace: { secret: 'open', sec: 'moment', aab: 'aa', aabaab: '' }, where: everywhere }
describeLaws('TextReplacement', () => new TextReplacement(replacement), { pieces: words })

const stops = { sequences: ['secret', 'cre', 'aab', '😀😁'], choices: 2 }
describeLaws('StopSequences', () => new StopSequences(stops), { pieces: words })

const redaction = { own: { secret }, where: everywhere }
describeLaws('Redaction', () => new Redaction(redaction), { pieces: data })

const thinking = { tags: ['think', 'thought'] }
describeLaws('ThinkExtraction', () => new ThinkExtraction(thinking), { pieces: tags })
describeLaws('ThinkExtraction, anywhere', () => new ThinkExtraction({ ...thinking, anywhere: true }), { pieces: tags })
describeLaws('MaxTokens', () => new MaxTokens({ characters: 60, choices: 2 }), {
  pieces: ['a long piece of text, '],
  makeQuiet: () => new MaxTokens({ tokens: 1000 }),
  skips: {
    'cut inside characters': 'half a character that fits exactly has gone on when the other half comes',
    'whole as streamed': 'calls that overlap are counted in the order in which they come',
  },
})
describeLaws('DeltaSmoothing', () => new DeltaSmoothing(), { pieces: ['a long piece of text, ', '\r\n', 'क्षि'] })
describeLaws('UsageEstimation', () => new UsageEstimation({ input: 7 }), { pieces: ['a'] })
describeLaws('TokenAccumulator', () => new TokenAccumulator(), { pieces: ['a'] })
describeLaws('FieldRenaming', () => new FieldRenaming({ tools: { tool_0: 'first' } }), {
  pieces: ['a'],
  makeQuiet: () => new FieldRenaming({ tools: { other: 'first' } }),
})
