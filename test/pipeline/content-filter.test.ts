import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ContentFilter, type ContentFilterOptions, TransformerStage } from '../../src/pipeline/index.ts'
import { fold, type LogProb, type StreamToken } from '../../src/tokens/index.ts'
import { at, delta, finish, saying, start, step, textBlock, through, told } from './streams.ts'

const filter = (options: ContentFilterOptions): ContentFilter => new ContentFilter(options)

describe('ContentFilter', () => {
  it('finds a pattern that is torn over deltas, one letter at a time', () => {
    expect(step(filter({ patterns: ['secret'] }), [...'a secret, sec.'])).toEqual([
      'a',
      ' ',
      ...['', '', '', '', '', '***'],
      ...[',', ' ', '', '', '', 'sec.'],
    ])
  })

  it('ordinary text does not wait', () => {
    expect(step(filter({ patterns: ['secret', 'plan'] }), ['the ', 'quick', ' fox'])).toEqual(['the ', 'quick', ' fox'])
  })

  it('a longer pattern wins over a shorter one that it begins with, once it is there', () => {
    const options = { patterns: ['bad', 'badger'], replacement: '#' }
    expect(step(filter(options), ['bad', 'ger', 'bad', 'ge!'])).toEqual(['', '#', '', '#ge!'])
  })

  it('letters in either case, where asked', () => {
    expect(step(filter({ patterns: ['Straße', 'ÉTÉ'], ignoreCase: true }), ['sTRAße été '])).toEqual(['*** *** '])
    expect(step(filter({ patterns: ['a'] }), ['A'])).toEqual(['A'])
    // İ becomes two code units in lower case: places in the text would shift, so it stands for itself alone.
    expect(step(filter({ patterns: ['İx'], ignoreCase: true }), ['İX', 'i̇x'])).toEqual(['***', 'i̇x'])
  })

  it('a regular expression waits for as much as its longest match less one', () => {
    const options = { patterns: [{ pattern: /#\d{1,3}/, longest: 4, begins: /#/, within: /[#\d]/ }] }
    expect(step(filter(options), ['a #', '1', '2', '3', '4', '#5', ' '])).toEqual([
      'a ',
      '',
      '',
      '***',
      '4',
      '',
      '*** ',
    ])
  })

  it('a match of a text and one of an expression that overlap are taken out together', () => {
    const options = { patterns: ['cde', { pattern: /abc/, longest: 3 }] }
    expect(told(through(filter(options), saying('xab', 'cdef')))).toEqual(['text 0 x***f', 'finish 0 stop'])
  })

  it('texts and expressions side by side: the cut does not matter', () => {
    const options = { patterns: ['secret', 'sec', 'cretin', 'aab', 'a', { pattern: /x\d+y/, longest: 6, begins: /x/ }] }
    const words = fc.array(fc.constantFrom('s', 'ec', 'secret', 'cretin', 'aa', 'b', 'x', '1', 'x1y', 'in'), {
      minLength: 2,
    })
    const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(words, sizes, fc.constantFrom(1, 15), (said, sizes, times) => {
        const text = `z${said.join('').repeat(times)}`
        const pieces: string[] = []
        for (let from = 0; from < text.length; from += pieces.at(-1)!.length) {
          pieces.push(text.slice(from, from + sizes[pieces.length % sizes.length]!))
        }
        expect(told(through(filter(options), saying(...pieces)))).toEqual(told(through(filter(options), saying(text))))
      }),
      // A match of a text that reaches past what the expression has decided, up to the end of a delta.
      { numRuns: 1000, examples: [[['x', 'secret', 'x1y', 'in'], [8, 3], 1]] },
    )
  })

  it('an expression may look at the character before it, whatever became of that', () => {
    const options = { patterns: [{ pattern: /(?<!a)\d/, longest: 2, begins: /\d/, within: /\d/ }] }
    expect(step(filter(options), ['b', '1', 'a', '2 '])).toEqual(['b', '', '***a', '2 '])
  })

  it('ends the choice before the match, with its blocks closed; usage still comes, and the upstream may be stopped', () => {
    const usage: StreamToken = { type: 'usage', usage: { output: 9 } }
    const one = filter({ patterns: ['secret'], action: 'end' })
    expect(one.done).toBe(false)
    expect(through(one, [...saying('a sec', 'ret b', 'c'), usage])).toEqual([
      ...[start, { type: 'text-start', ...at }, delta('a '), { type: 'text-end', ...at }],
      { type: 'finish', choice: 0, reason: 'content_filter' },
      usage,
    ])
    expect(one.done).toBe(true)
  })

  it('ends one choice and still filters the other', () => {
    const two = { choice: 1, index: 0 }
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at },
      { type: 'text-start', ...two },
      delta('a secret b'),
      delta('x secret y', undefined, two),
      { type: 'text-end', ...at },
      { type: 'text-end', ...two },
      finish(),
      finish('stop', 1),
    ]
    const one = filter({ patterns: ['secret'], action: 'end', choices: 2 })
    expect(fold(through(one, tokens)).choices.map(({ parts, finish }) => [parts, finish.reason])).toEqual([
      [[{ type: 'text', text: 'a ' }], 'content_filter'],
      [[{ type: 'text', text: 'x ' }], 'content_filter'],
    ])
    expect(one.done).toBe(true)
  })

  it('a call that is open when the choice ends runs on to its end: half its arguments would look like all', () => {
    const call = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at },
      { type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' },
      { type: 'tool-call-delta', ...call, arguments: '{"a":' },
      delta('a secret b'),
      { type: 'tool-call-delta', ...call, arguments: '1}' },
      { type: 'text-end', ...at },
      { type: 'tool-call-end', ...call },
      finish('tool_calls'),
    ]
    const out = through(filter({ patterns: ['secret'], action: 'end' }), tokens)
    expect(told(out)).toEqual(['call 1 {"a":', 'text 0 a ', 'call 1 1}', 'finish 0 content_filter'])
  })

  it('breaks the stream before the match, and does not say what it found', () => {
    const out = through(filter({ patterns: ['secret'], action: 'error' }), saying('a sec', 'ret b'))
    expect(told(out)).toEqual(['text 0 a ', 'error content_refused'])
    expect(JSON.stringify(out)).not.toContain('secret')
  })

  it('in arguments `end` breaks the stream: a call has no honest end in the middle', () => {
    const tokens = call(['{"a":"sec', 'ret"}'])
    const out = through(filter({ patterns: ['secret'], action: 'end', where: { arguments: true } }), tokens)
    expect(told(out)).toEqual(['call 0 {"a":"', 'error content_refused'])
  })

  it.each([
    ['inside a string', ['{"a":"my sec', 'ret"}'], '{"a":"my \\"#\\""}'],
    ['a number', ['{"a":12', '3,"b":[123]}'], '{"a":0,"b":[0]}'],
    ['with the end of the string', ['{"a":"en', 'd"}'], '{"a":"\\"#\\""}'],
    ['behind a backslash', ['{"a":"\\', 'nx"}'], '{"a":"\\\\\\"#\\""}'],
    ['up to a backslash', ['{"a":"tail', '\\', '"x"}'], '{"a":"\\"#\\"\\"x"}'],
  ])('arguments stay JSON: %s', (_, pieces, expected) => {
    const options = {
      patterns: ['secret', '123', 'end"', 'nx', 'tail\\'],
      replacement: '"#"',
      where: { arguments: true },
    }
    const [part] = fold(through(filter(options), call(pieces))).choices[0]!.parts
    expect(part).toMatchObject({ arguments: expected })
    JSON.parse(expected)
  })

  it('a signature goes on with the reasoning that it vouches for, and not with a changed one', () => {
    const signature: StreamToken = { type: 'opaque', ...at, kind: 'signature', value: 'sig' }
    const sealed: StreamToken = { type: 'opaque', ...at, kind: 'encrypted', value: 'all' }
    const thinking = (text: string): StreamToken[] => [
      start,
      { type: 'reasoning-start', ...at },
      signature,
      sealed,
      { type: 'reasoning-delta', ...at, text },
      { type: 'reasoning-end', ...at },
      finish(),
    ]
    const options = { patterns: ['secret'], where: { reasoning: true } }
    expect(fold(through(filter(options), thinking('fine'))).choices[0]!.parts).toMatchObject([{ opaque: [{}, {}] }])
    expect(fold(through(filter(options), thinking('a secret'))).choices[0]!.parts).toMatchObject([
      { text: 'a ***', opaque: [{ kind: 'encrypted' }] },
    ])
    // Reasoning that is not looked at keeps its order to the token.
    expect(through(filter({ patterns: ['secret'] }), thinking('a secret'))).toEqual(thinking('a secret'))
  })

  it('log-probabilities stay with a delta that waited in vain, and go with one that was changed', () => {
    const probabilities = (token: string): LogProb[] => [{ token, logprob: -1 }]
    const tokens = [
      start,
      { type: 'text-start' as const, ...at },
      ...['x se', 'cond', 'se', 'cret', '!'].map((text) => delta(text, probabilities(text))),
      { type: 'text-end' as const, ...at },
      finish(),
    ]
    const [part] = fold(through(filter({ patterns: ['secret'] }), tokens)).choices[0]!.parts
    expect(part).toEqual({
      type: 'text',
      text: 'x second***!',
      logprobs: ['x se', 'cond', '!'].map((token) => ({ token, logprob: -1 })),
    })
  })

  it('of a delta that was changed in part no log-probabilities are left', () => {
    const torn = delta('cret!', [{ token: 'cret!', logprob: -1 }])
    const tokens = [
      start,
      { type: 'text-start' as const, ...at },
      delta('se'),
      torn,
      { type: 'text-end' as const, ...at },
      finish(),
    ]
    expect(fold(through(filter({ patterns: ['secret'] }), tokens)).choices[0]!.parts).toEqual([
      { type: 'text', text: '***!' },
    ])
  })

  it('a delta that waited in vain goes on by identity', () => {
    const tokens = saying('a', 'sec', 'r', 'et of nature'.slice(2))
    expect(through(filter({ patterns: ['secret'] }), tokens)).toEqual(tokens)
    const out = new Set(through(filter({ patterns: ['secret'] }), tokens))
    expect(tokens.filter((token) => !out.has(token))).toEqual([])
  })

  it('what goes on does not end in the middle of a character', () => {
    expect(step(filter({ patterns: [{ pattern: /zz/, longest: 2 }] }), ['a😀', 'b'])).toEqual(['a', '😀'])
  })

  it('another text of the choice that ends keeps what was held of it', () => {
    const two = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at },
      { type: 'text-start', ...two },
      delta('b sec', undefined, two),
      delta('a secret'),
      { type: 'text-end', ...at },
      { type: 'text-end', ...two },
      finish(),
    ]
    const out = through(filter({ patterns: ['secret'], action: 'end' }), tokens)
    expect(fold(out).choices[0]!.parts).toMatchObject([{ text: 'a ' }, { text: 'b sec' }])
  })

  it('what is held when the line breaks comes before the error', () => {
    const stage = new TransformerStage(filter({ patterns: ['secret'] }))
    const out: StreamToken[] = []
    const emit = (token: StreamToken): void => void out.push(token)
    for (const token of saying('a secre').slice(0, 3)) stage.push(token, emit)
    stage.fail(new Error('x') as never, emit)
    expect(told(out)).toEqual(['text 0 a secre'])
  })

  it('a thousand patterns that begin alike hold back what may become one, and lose nothing of it', () => {
    const patterns = Array.from({ length: 1000 }, (_, i) => `${'a'.repeat(200)}${i}`)
    const options = { patterns }
    const out = step(filter(options), [...'a'.repeat(20_000), 'b'])
    expect(out.join('')).toHaveLength(20_001)
    expect(out.slice(0, 200).join('')).toBe('')
  })

  it.each([
    [{ patterns: [''] }, 'is empty'],
    [{ patterns: [{ pattern: /a/, longest: 0 }] }, '`longest` is 0'],
    [{ patterns: ['a'], action: 'shout' as never }, 'write one of replace, drop, end, error'],
  ])('options that cannot be used are refused: %j', (options, words) => {
    expect(() => filter(options)).toThrow(words)
  })

  it('an expression that matches more than was said is taken in parts, in any cut', () => {
    const options = { patterns: [{ pattern: /<[a-z]+/, longest: 4 }], replacement: '#' }
    expect(told(through(filter(options), saying('x<abcdef>')))[0]).toBe('text 0 x#def>')
    expect(told(through(filter(options), saying(...'x<abcdef>')))[0]).toBe('text 0 x#def>')
  })

  it('an empty list of patterns lets everything pass', () => {
    const tokens = [start, ...textBlock(['a']), finish()]
    expect(through(filter({ patterns: [] }), tokens)).toEqual(tokens)
  })
})

function call(pieces: readonly string[]): StreamToken[] {
  return [
    start,
    { type: 'tool-call-start', ...at, id: 'c', name: 'f', kind: 'function' },
    ...pieces.map((text): StreamToken => ({ type: 'tool-call-delta', ...at, arguments: text })),
    { type: 'tool-call-end', ...at },
    finish('tool_calls'),
  ]
}
