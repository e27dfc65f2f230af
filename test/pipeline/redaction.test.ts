import { describe, expect, it } from 'vitest'
import { Redaction, type RedactionOptions } from '../../src/pipeline/index.ts'
import { saying, step, through, told } from './streams.ts'

function redacted(text: string, options: RedactionOptions = {}): string {
  const whole = told(through(new Redaction(options), saying(text)))[0]
  const torn = told(through(new Redaction(options), saying(...text)))[0]
  expect(torn).toBe(whole)
  return (whole ?? '').replace('text 0 ', '')
}

describe('Redaction', () => {
  it.each([
    ['Write to joe.doe+x@mail.example.com.', 'Write to [redacted: email].'],
    ['a@b, @c.de and joe@example', 'a@b, @c.de and joe@example'],
    ['Card 4111 1111 1111 1111, or 4111-1111-1111-1111.', 'Card [redacted: credit-card], or [redacted: credit-card].'],
    ['4111 1111 1111 1111 123, 3782 822463 10005', '[redacted: credit-card] 123, [redacted: credit-card]'],
    ['Not a card: 4111 1111 1111 1112, 1234567890123456', 'Not a card: 4111 1111 1111 1112, 1234567890123456'],
    ['key=sk-proj-abcdefghijklmnop1234;', 'key=[redacted: api-key];'],
    ['AKIAIOSFODNN7EXAMPLE ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[redacted: api-key] [redacted: api-key]'],
    ['a task-force, sk-short, disk-abcdefghijklmnopqrst', 'a task-force, sk-short, disk-abcdefghijklmnopqrst'],
    [
      'at 192.0.2.255:80, not 1.2.3 or 300.1.1.1 or 1.2.3.4.5',
      'at [redacted: ipv4]:80, not 1.2.3 or 300.1.1.1 or 1.2.3.4.5',
    ],
    ['on 192.0.2.1.', 'on [redacted: ipv4].'],
    ['Call +1 (415) 555-2671!', 'Call [redacted: phone]!'],
    ['2+2=4, +49 is Germany', '2+2=4, +49 is Germany'],
    ['SSN 123-45-6789, not 000-12-3456 or 123-45 6789', 'SSN [redacted: us-ssn], not 000-12-3456 or 123-45 6789'],
    ['at the end joe@example.com', 'at the end [redacted: email]'],
    ['joe@example.com', '[redacted: email]'],
    [`${'a'.repeat(400)}@b.example.com`, `${'a'.repeat(400)}@b.example.com`],
  ])('%s', (text, expected) => {
    expect(redacted(text)).toBe(expected)
  })

  it('only the word that may become an address waits', () => {
    const deltas = ['Hello ', 'joe', '@', 'example.', 'com', ' there', '. ']
    expect(step(new Redaction({ kinds: ['email'] }), deltas)).toEqual([
      'Hello ',
      ...['', '', '', ''],
      '[redacted: email] ',
      'there. ',
    ])
  })

  it('kinds of your own, with marks of your own', () => {
    const own = { badge: { pattern: /\bB-\d{4}\b/, longest: 7, begins: /B/, within: /[B\d-]/ } }
    expect(redacted('Badge B-1234, not AB-1234.', { kinds: [], own, mark: (kind) => `<${kind}>` })).toBe(
      'Badge <badge>, not AB-1234.',
    )
  })

  it('a word longer than any match goes on, less than a match behind', () => {
    const out = step(new Redaction({ kinds: ['email'] }), ['a'.repeat(1000)])
    expect(out[0]).toHaveLength(1000 - 254)
  })

  it('an unknown kind is told of with those that there are', () => {
    expect(() => new Redaction({ kinds: ['iban' as never] })).toThrow(
      'cannot redact iban: the kinds are email, credit-card',
    )
  })
})
