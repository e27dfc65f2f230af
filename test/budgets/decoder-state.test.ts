import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { loadVocabulary, TokenDecoder } from '../../src/tokens/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What the process takes, memory outside the heap included, garbage aside. */
function held(): number {
  collect()
  collect()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  return heapUsed + external + arrayBuffers
}

it('a decoder holds less than 8 KB beyond its vocabulary, in the middle of a stream and of a character', async () => {
  const vocabulary = await loadVocabulary('o200k_base')
  const ids = [13225, 2375, 11, 82867, 95, 8134, 172, 238]
  const open = (): TokenDecoder => {
    const decoder = new TokenDecoder(vocabulary)
    for (let i = 0; i < 50; i++) decoder.decodeTokens(ids)
    return decoder
  }
  open()
  const before = held()
  const decoders = Array.from({ length: 1000 }, open)
  const each = (held() - before) / decoders.length
  expect(each, `${each} bytes each`).toBeLessThan(8 * 1024)
  expect(decoders.map((decoder) => decoder.flush())).toEqual(Array(1000).fill('\ufffd'))
})
