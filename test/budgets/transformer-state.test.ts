import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import {
  type MakeTransformer,
  standardTransformers,
  TokenAccumulator,
  TransformerChain,
  TransformerStage,
} from '../../src/pipeline/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heap(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const ignore = (): void => {}
const at = { choice: 0, index: 0 }

const options = {
  'content-filter': { patterns: ['Project Nimbus', 'confidential', { pattern: /#\d+/, longest: 12, begins: /#/ }] },
  'max-tokens': { tokens: 1000 },
  'stop-sequences': { sequences: ['\n\nHuman:', '</answer>'] },
  'text-replacement': { replace: { ACME: 'the company', 'Project Nimbus': 'the project' } },
  'delta-smoothing': { join: 20 },
}
const names = standardTransformers
  .filter(({ name, on }) => on.join() === 'answers' && name !== 'delta-pacing')
  .map(({ name }) => name)
const chosen = Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))

describe('what a transformer holds for each stream, in the middle of one', () => {
  it.each(TransformerChain.fromNames(names, chosen).map((make, i): [string, MakeTransformer] => [names[i]!, make]))(
    '%s: less than 2 KB',
    (_, make) => {
      const open = (): TransformerStage => {
        const stage = new TransformerStage(make())
        const tokens: StreamToken[] = [
          { type: 'message-start', model: 'm' },
          { type: 'text-start', ...at },
          // The last delta leaves something undecided for every one of them.
          ...['A text ', 'that goes on. ', 'joe.doe@example.com 4111 ', '\n', 'Project '].map(
            (text): StreamToken => ({ type: 'text-delta', ...at, text }),
          ),
        ]
        for (const token of tokens) stage.push(token, ignore)
        return stage
      }
      const warm = Array.from({ length: 100 }, open)
      const before = heap()
      const stages = Array.from({ length: 2000 }, open)
      const each = (heap() - before) / stages.length
      expect(each, `${each} bytes each`).toBeLessThan(2048)
      expect(warm).toHaveLength(100)
      for (const stage of stages) stage.end(ignore)
    },
  )
})

it('gathered text does not hold on to the chunks that it came in', () => {
  const accumulator = new TokenAccumulator()
  const stage = new TransformerStage(accumulator)
  stage.push({ type: 'message-start' }, ignore)
  stage.push({ type: 'text-start', ...at }, ignore)
  const before = heap()
  for (let i = 0; i < 300; i++) {
    const chunk = `${i}`.padStart(8, '0').repeat(8192)
    stage.push({ type: 'text-delta', ...at, text: chunk.slice(32, 64) }, ignore)
  }
  const grown = heap() - before
  expect(accumulator.text).toHaveLength(300 * 32)
  // All chunks together are 19 MB.
  expect(grown, `${grown} bytes`).toBeLessThan(500_000)
})
