import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextCl100k, nextO200k } from '../../src/tokens/bpe/split.ts'
import { scripts } from './scripts.ts'

// The patterns as they are published. Where they say `\s` they mean the white space of Unicode, which is not that of
// JavaScript; and without regard to case U+017F is an s.
const short = "'(?:[sSſtTmMdD]|[lL]{2}|[vV][eE]|[rR][eE])"
const [upper, lower] = ['[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]']
const prefix = '[^\\r\\n\\p{L}\\p{N}]?'
const space = '\\p{White_Space}'
const patterns = {
  o200k: [
    `${prefix}${upper}*${lower}+(?:${short})?`,
    `${prefix}${upper}+${lower}*(?:${short})?`,
    '\\p{N}{1,3}',
    ` ?[^${space}\\p{L}\\p{N}]+[\\r\\n/]*`,
    `${space}*[\\r\\n]+`,
    `${space}+(?!\\P{White_Space})`,
    `${space}+`,
  ],
  cl100k: [
    short,
    `${prefix}\\p{L}+`,
    '\\p{N}{1,3}',
    ` ?[^${space}\\p{L}\\p{N}]+[\\r\\n]*`,
    `${space}+$`,
    `${space}*[\\r\\n]`,
    `${space}+(?!\\P{White_Space})`,
    space,
  ],
}
const scanners = { o200k: nextO200k, cl100k: nextCl100k }

const pieces = [
  ...[
    'a',
    's',
    'T',
    'LL',
    'Re',
    "'",
    "'s",
    "'Ll",
    "'ſ",
    "'VE",
    'ß',
    'ǅ',
    'ʰ',
    '漢',
    'א',
    'ا',
    'ा',
    '\u0301',
    '\u{1F1EB}',
  ],
  ...[' ', '\t', '\n', '\r', '\u0085', '\ufeff', '\u00a0', '\u3000', '1', '٣', '½', '/', '.', '😀', '𐐀', '𐐨', '\0'],
]
const mixture = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((all) => all.join(''))

describe.each(['o200k', 'cl100k'] as const)('%s', (name) => {
  const pattern = new RegExp(patterns[name].join('|'), 'gu')
  const byPattern = (text: string): string[] => text.match(pattern) ?? []
  const byScanner = (text: string): string[] => {
    const bytes = new TextEncoder().encode(text)
    const words: string[] = []
    for (let at = 0; at < bytes.length; ) {
      const end = scanners[name](bytes, at)
      words.push(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, end)))
      at = end
    }
    return words
  }

  it('the scanner cuts any text where the pattern cuts it', () => {
    fc.assert(
      fc.property(mixture, (text) => {
        expect(byScanner(text)).toEqual(byPattern(text))
      }),
      { numRuns: 5000 },
    )
  })

  it.each(Object.entries(scripts))('%s', (_, text) => {
    const words = byScanner(text)
    expect(words.join('')).toBe(text)
    expect(words).toEqual(byPattern(text))
  })

  it('every character of Unicode, between letters and alone', () => {
    const wrong: string[] = []
    for (let code = 0x80; code < 0x110000; code += code < 0x3100 ? 1 : 41) {
      if (code >= 0xd800 && code < 0xe000) continue
      const char = String.fromCodePoint(code)
      const text = `a${char}A${char}${char}1 ${char}`
      if (byScanner(text).join('|') !== byPattern(text).join('|')) wrong.push(code.toString(16))
    }
    expect(wrong).toEqual([])
  })
})
