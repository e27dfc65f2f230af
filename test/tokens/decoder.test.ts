import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { loadVocabulary, TokenDecoder, type Vocabulary } from '../../src/tokens/index.ts'
import { scripts } from './scripts.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Every byte alone; then what a text may be cut into: characters, their halves, and what is no UTF-8 at all. */
const odd = [
  [0xe6, 0xbc],
  [0xa2],
  [0xf0, 0x9f],
  [0x98, 0x80],
  [0xf0, 0x9f, 0x98],
  [0xc0, 0x80],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xef, 0xbb],
  [0xbf],
  [0xef, 0xbb, 0xbf],
  [0x61, 0xe6],
  [0xbc, 0xa2, 0x62, 0xf0],
  [],
]
const ranks = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...odd.map((bytes) => Uint8Array.from(bytes)),
  ...odd,
  ...['a', 'word', '漢字', '😀', 'é', '\ufeff', '\ufffd', '', '\0'],
]
const table: Vocabulary = { name: 'odd', ranks, specials: { '<|end|>': 1000 } }
const bytesOfToken = (id: number): Uint8Array => {
  const entry = ranks[id]!
  return typeof entry === 'string' ? bytesOf(entry) : Uint8Array.from(entry)
}

const anyId = fc.oneof(fc.nat({ max: ranks.length - 1 }), fc.integer({ min: 256, max: ranks.length - 1 }))

describe('what is decoded token by token', () => {
  it('is at each token what a streaming TextDecoder makes of its bytes, whatever the tokens are', () => {
    fc.assert(
      fc.property(fc.array(anyId, { maxLength: 24 }), (ids) => {
        const decoder = new TokenDecoder(table)
        const standard = new TextDecoder('utf-8', { ignoreBOM: true })
        for (const id of ids) {
          expect(decoder.decodeToken(id)).toBe(standard.decode(bytesOfToken(id), { stream: true }))
        }
        expect(decoder.flush()).toBe(standard.decode())
      }),
      { numRuns: 3000 },
    )
  })

  it('is at each byte what a streaming TextDecoder makes of it: all pairs of lead and second byte', () => {
    const decoder = new TokenDecoder(table)
    const standard = new TextDecoder('utf-8', { ignoreBOM: true })
    for (let lead = 0x7f; lead < 0x100; lead++) {
      for (let second = 0x7f; second < 0x101; second++) {
        const bytes = second === 0x100 ? [lead] : [lead, second, 0x80, 0xbf, 0x80]
        const seen = bytes.map((byte) => decoder.decodeToken(byte))
        const expected = bytes.map((byte) => standard.decode(Uint8Array.of(byte), { stream: true }))
        expect([...seen, decoder.flush()], bytes.join(' ')).toEqual([...expected, standard.decode()])
      }
    }
  })

  it('is the text, however its bytes are dealt out to tokens', () => {
    const text = Object.values(scripts).join('\n')
    const decoder = new TokenDecoder(table)
    let decoded = ''
    for (const byte of bytesOf(text)) {
      const piece = decoder.decodeToken(byte)
      expect(piece.isWellFormed()).toBe(true)
      decoded += piece
    }
    expect(decoded + decoder.flush()).toBe(text)
    expect(decoder.tokens).toBe(bytesOf(text).length)
    expect(decoder.characters).toBe(text.length)
  })

  it('waits for the last byte of a character of four tokens, and says nothing before', () => {
    const decoder = new TokenDecoder(table)
    expect([0xf0, 0x9f, 0x98, 0x80].map((id) => decoder.decodeToken(id))).toEqual(['', '', '', '😀'])
    expect(decoder.flush()).toBe('')
  })

  it('keeps a byte order mark, at the beginning too: a stream of tokens is no file', () => {
    const decoder = new TokenDecoder(table)
    expect(decoder.decodeTokens([0xef, 0xbb, 0xbf, 0x61])).toBe('\ufeffa')
    expect(decoder.decodeTokens([ranks.indexOf('\ufeff')])).toBe('\ufeff')
  })

  it('flush shows a torn character once, and the next stream begins clean', () => {
    const decoder = new TokenDecoder(table)
    expect(decoder.decodeTokens([0x61, 0xe6, 0xbc])).toBe('a')
    expect(decoder.flush()).toBe('\ufffd')
    expect(decoder.flush()).toBe('')
    expect(decoder.decodeToken(0xa2)).toBe('\ufffd')
    expect(decoder.decodeToken(0x61)).toBe('a')
    expect(decoder.characters).toBe(4)
  })

  it('decoders of one table do not mix their characters', () => {
    const [one, two] = [new TokenDecoder(table), new TokenDecoder(table)]
    expect(one.decodeToken(0xe6) + two.decodeToken(0xf0) + one.decodeToken(0xbc)).toBe('')
    expect(two.decodeTokens([0x9f, 0x98, 0x80])).toBe('😀')
    expect(one.decodeToken(0xa2)).toBe('漢')
  })
})

describe('marks and ids without meaning', () => {
  it('a mark is text, or nothing when it is not wanted', () => {
    expect(new TokenDecoder(table).decodeTokens([0x61, 1000, 0x62])).toBe('a<|end|>b')
    expect(new TokenDecoder(table, { specials: false }).decodeTokens([0x61, 1000, 0x62])).toBe('ab')
    expect(new TokenDecoder(table).decodeTokens([0xe6, 1000])).toBe('\ufffd<|end|>')
  })

  it.each([-1, 999, 2 ** 40, Number.NaN, 0.5, Number.POSITIVE_INFINITY])(
    'the id %d is an error that names it',
    (id) => {
      const decoder = new TokenDecoder(table)
      decoder.decodeToken(0xe6)
      expect(() => decoder.decodeToken(id)).toThrow(
        expect.objectContaining({
          code: 'unknown_token',
          message: expect.stringContaining(`cannot decode the token ${id}: the vocabulary odd has no such id`),
        }),
      )
      // It did not count, and what came before is still there.
      expect(decoder.decodeTokens([0xbc, 0xa2])).toBe('漢')
      expect(decoder.tokens).toBe(3)
    },
  )

  it('a hole in the table is an id without meaning', () => {
    const holes: Vocabulary = { name: 'holes', ranks: ['a', undefined, 'b'] }
    expect(() => new TokenDecoder(holes).decodeToken(1)).toThrow('cannot decode the token 1')
  })

  it('names of what every array has are no ids', () => {
    const id = 'length' as unknown as number
    expect(() => new TokenDecoder(table).decodeToken(id)).toThrow('cannot decode the token length')
  })
})

describe('tokens a second', () => {
  it('are counted from the first token to the last flush, and the clock is not asked for each', () => {
    let now = 1000
    let asked = 0
    const clock = {
      now: () => {
        asked++
        return now
      },
    }
    const decoder = new TokenDecoder(table, { clock })
    now = 5000
    decoder.decodeToken(0x61)
    expect(decoder.tokensPerSecond).toBeUndefined()
    for (let i = 0; i < 100; i++) decoder.decodeToken(0x61 + (i % 20))
    expect(asked).toBe(1)
    expect(decoder.tokensPerSecond).toBeUndefined()
    now = 7000
    expect(decoder.tokensPerSecond).toBe(50)
    decoder.flush()
    now = 9000
    expect(decoder.tokensPerSecond).toBe(50)
    for (let i = 0; i < 100; i++) decoder.decodeToken(0x61)
    expect(decoder.tokensPerSecond).toBe(50)
    now = 13_000
    expect(decoder.tokensPerSecond).toBe(25)
  })

  it('start with the first token also when that is half a character', () => {
    let now = 0
    const decoder = new TokenDecoder(table, { clock: { now: () => now } })
    now = 1000
    decoder.decodeToken(0xe6)
    now = 2000
    decoder.decodeToken(0xbc)
    expect(decoder.tokensPerSecond).toBe(1)
  })
})

describe('the vocabularies known by name', () => {
  it.each([
    ['o200k_base', [13225, 2375, 11, 82867, 95, 8134], 'Hello world, 漢字', 199999],
    ['cl100k_base', [9906, 1917, 11, 6704, 120, 95, 19113], 'Hello world, 漢字', 100257],
  ] as const)('%s', async (name, ids, text, end) => {
    const decoder = await TokenDecoder.open(name)
    expect(decoder.decodeTokens(ids)).toBe(text)
    expect(decoder.decodeToken(end)).toBe('<|endoftext|>')
    expect(() => decoder.decodeToken(300_000)).toThrow(name)
  })

  it('are loaded once and shared, and may be given marks of their own', async () => {
    const vocabulary = await loadVocabulary('o200k_base')
    expect(await loadVocabulary('o200k_base')).toBe(vocabulary)
    const harmony = new TokenDecoder({ ...vocabulary, name: 'o200k_harmony', specials: { '<|start|>': 200006 } })
    expect(harmony.decodeTokens([200006, 13225])).toBe('<|start|>Hello')
  })

  it('another name is an error that says which there are', async () => {
    await expect(TokenDecoder.open('p50k_base' as 'o200k_base')).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('o200k_base, cl100k_base'),
    })
    await expect(TokenDecoder.open('toString' as 'o200k_base')).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
