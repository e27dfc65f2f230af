import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DialectName, dialects } from '../../src/dialects/index.ts'
import { ResumableStream, StreamPipelineBuilder } from '../../src/pipeline/index.ts'
import { SseParser } from '../../src/sse/index.ts'
import type { StreamToken } from '../../src/tokens/index.ts'
import { decode, dialectNames, goldens, makers, tokenLines } from '../fixtures/goldens.ts'
import { type Block, CutSource, EagerClock } from './cut-source.ts'

/** Recorded streams, with ids that their source could be asked by. */
const streams = dialectNames.flatMap((dialect) =>
  goldens(dialect).map(({ name, bytes }) => {
    const blocks: Block[] = []
    new SseParser().push(bytes, ({ event, data }) => {
      const id = blocks.length % 3 === 0 ? [`id: ${blocks.length}`] : []
      blocks.push([...id, ...(event === 'message' ? [] : [`event: ${event}`]), `data: ${data}`])
    })
    return { dialect, name, blocks, whole: decode(dialect, [new CutSource(blocks).bytes]) }
  }),
)
// A stream that never ends well is asked for in vain.
const good = streams.filter(
  ({ whole }) => whole.at(-1)?.type !== 'error' && whole.some(({ type }) => type === 'finish'),
)

async function tokensOf(dialect: DialectName, open: CutSource['behindId']): Promise<StreamToken[]> {
  const stream = new ResumableStream({ open, clock: new EagerClock(), attempts: 100 })
  const tokens: StreamToken[] = []
  for await (const some of stream.tokens(dialects[dialect].upstream.decodeStream(makers[dialect]))) tokens.push(...some)
  return tokens
}

it('there are streams to break', () => expect(good.length).toBeGreaterThan(15))

it.each(good)('$dialect/$name is the same tokens however often it breaks', async ({ dialect, blocks, whole }) => {
  const { bytes } = new CutSource(blocks)
  const wanted = tokenLines(whole)
  const cut = fc.record({
    after: fc.nat({ max: bytes.length }),
    size: fc.integer({ min: 1, max: 400 }),
    how: fc.constant('error' as const),
  })
  // Twice a body that ends well in the same place is no break any more, behind the finish.
  const cuts = fc
    .tuple(fc.array(cut, { minLength: 1, maxLength: 5 }), fc.nat({ max: 5 }))
    .map(([cuts, ends]) => cuts.map((one, i) => (i === ends ? { ...one, how: 'end' as const } : one)))
  await fc.assert(
    fc.asyncProperty(cuts, async (cuts) => {
      expect(tokenLines(await tokensOf(dialect, new CutSource(blocks, cuts).behindId))).toBe(wanted)
    }),
    { numRuns: 20 },
  )
})

describe('a stream that cannot be taken up again', () => {
  const { dialect, blocks, whole } = good.find(({ name }) => name === 'text')!
  const bare = blocks.map((block) => block.filter((line) => !line.startsWith('id: ')))

  it('ends with an error behind the tokens that came', async () => {
    const source = new CutSource(bare, [
      { after: new CutSource(bare.slice(0, 4)).bytes.length, size: 50, how: 'error' },
    ])
    const tokens = await tokensOf(dialect, source.behindId)
    const [error, ...came] = tokens.toReversed()
    expect(error).toMatchObject({ type: 'error', error: { code: 'upstream_truncated' } })
    expect(came.length).toBeGreaterThan(0)
    expect(tokenLines(came.toReversed())).toBe(tokenLines(whole.slice(0, came.length)))
  })

  it.each(['error', 'end'] as const)('is whole all the same behind its finish (%s)', async (how) => {
    const marker = bare.findLastIndex((block) => block.some((line) => /^data: (\[DONE\]|.*message_stop)/.test(line)))
    const source = new CutSource(bare, [{ after: new CutSource(bare.slice(0, marker)).bytes.length, size: 50, how }])
    const tokens = await tokensOf(dialect, source.behindId)
    expect(tokenLines(tokens)).toBe(tokenLines(whole))
  })
})

it('a source that leaves the end marker out is asked for the rest once, and no more', async () => {
  const { dialect, blocks, whole } = good.find(({ name }) => name === 'text')!
  const unmarked = blocks.filter((block) => !block.some((line) => /^data: (\[DONE\]|.*message_stop)/.test(line)))
  const source = new CutSource(unmarked)
  expect(tokenLines(await tokensOf(dialect, source.behindId))).toBe(tokenLines(whole))
  expect(source.asked).toHaveLength(2)
})

it('a pipeline reads them', async () => {
  const { dialect, blocks, whole } = good.find(({ name }) => name === 'text')!
  const source = new CutSource(blocks, [{ after: 300, size: 50, how: 'error' }])
  const stream = new ResumableStream({ open: source.behindId, clock: new EagerClock() })
  const tokens: StreamToken[] = []
  const output = new StreamPipelineBuilder()
    .build()
    .processStream(stream.tokens(dialects[dialect].upstream.decodeStream(makers[dialect])))
  for await (const token of output) tokens.push(token)
  expect(stream.resumes).toBe(1)
  expect(tokens.map(({ type }) => type)).toEqual(whole.map(({ type }) => type))
})
