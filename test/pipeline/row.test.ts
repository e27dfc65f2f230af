import { expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import {
  fail,
  pass,
  StreamPipelineBuilder,
  type StreamTransformer,
  type TransformResult,
} from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'

const at = { choice: 0, index: 0 }
const delta = (text: string): StreamToken => ({ type: 'text-delta', ...at, text })

/** Notes what comes; of the text `stop` it makes something else. */
function reader(seen: string[], atStop: () => TransformResult = () => pass): StreamTransformer {
  return {
    name: 'reader',
    transform(token) {
      if (token.type !== 'text-delta') return pass
      seen.push(token.text)
      return token.text === 'stop' ? atStop() : pass
    },
  }
}

function run(middle: () => TransformResult): { seen: string[][]; tokens: readonly StreamToken[] } {
  const seen: string[][] = [[], [], []]
  const pipeline = new StreamPipelineBuilder()
    .addTransformer(() => reader(seen[0]!))
    .addTransformer(() => reader(seen[1]!, middle))
    .addTransformer(() => reader(seen[2]!))
    .build()
  const open = pipeline.open()
  const tokens = [...open.processChunk([delta('a'), delta('stop'), delta('b')]), ...open.end()]
  return { seen, tokens }
}

it('behind a transformer that breaks the stream in the middle of a row nothing goes on', () => {
  const { seen, tokens } = run(() => fail(new SluiceError('content_refused', 'no')))
  expect(seen.slice(1)).toEqual([['a', 'stop'], ['a']])
  expect(tokens.map(({ type }) => type)).toEqual(['text-delta', 'error'])
})

it('what a transformer throws breaks the stream, and those before it hear no second error', () => {
  const { seen, tokens } = run(() => {
    throw new Error('a fault')
  })
  expect(seen.slice(1)).toEqual([['a', 'stop'], ['a']])
  expect(tokens.map(({ type }) => type)).toEqual(['text-delta', 'error'])
})

it('a transformer that gives no result breaks the stream, and is named', () => {
  const { tokens } = run(() => undefined as unknown as TransformResult)
  expect(tokens.map(({ type }) => type)).toEqual(['text-delta', 'error'])
  expect(tokens[1]).toMatchObject({ error: { code: 'internal', message: expect.stringContaining('`reader` gave no') } })
})
