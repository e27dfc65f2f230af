import fc from 'fast-check'
import { expect, it } from 'vitest'
import { isPlainText } from '../../src/dialects/plain-text.ts'

const pieces = fc.constantFrom(
  'a',
  ' été',
  '流',
  '😀',
  '\ud83d',
  '\ude00',
  '"',
  '\\',
  '\n',
  '\u007f',
  '\u2028',
  '\ue000',
)

it('a text that is taken as it stands is the text that JSON would have', () => {
  let plain = 0
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const text = parts.join('')
      if (!isPlainText(text)) return
      plain++
      expect(`"${text}"`).toBe(JSON.stringify(text))
    }),
    { numRuns: 2000 },
  )
  expect(plain).toBeGreaterThan(100)
})
