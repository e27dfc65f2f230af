import { describe, expect, it } from 'vitest'
import { ThinkExtraction, type ThinkExtractionOptions } from '../../src/pipeline/index.ts'
import { fold, type StreamToken } from '../../src/tokens/index.ts'
import { at, delta, finish, saying, start, textBlock, through, told } from './streams.ts'

function extracted(texts: readonly string[], options: ThinkExtractionOptions = {}): string[] {
  return told(through(new ThinkExtraction(options), saying(...texts))).slice(0, -1)
}

describe('ThinkExtraction', () => {
  it('reasoning becomes a block of its own, wherever the tags are torn', () => {
    for (const texts of [['<think>\nhm, <b>\n</think>\n\nYes'], [...'<think>\nhm, <b>\n</think>\n\nYes']]) {
      expect(extracted(texts)).toEqual(['reasoning 0 hm, <b>\n', 'text 1 Yes'])
    }
  })

  it('shows nothing of a tag and comes as it is thought', () => {
    const think = new ThinkExtraction()
    const pieces = ['<th', 'ink>', 'a', 'b</', 'c', '</think', '>', '\n', 'd', '<think>'].map((text) => delta(text))
    const out = [start, { type: 'text-start' as const, ...at }, ...pieces].map((token) => {
      const result = think.transform(token)
      return result.action === 'replace' ? told(result.tokens).join() : result.action === 'pass' ? 'pass' : ''
    })
    expect(out.slice(2)).toEqual([
      '',
      '',
      'reasoning 0 a',
      'reasoning 0 b',
      'reasoning 0 </c',
      '',
      '',
      '',
      'text 1 d',
      'text 1 <think>',
    ])
  })

  it.each([
    ['what only looks like a tag', ['<th', 'e best>'], ['text 0 <the best>']],
    ['a tag behind text', ['So <think>x</think>'], ['text 0 So <think>x</think>']],
    ['white space before the tag', [' \n', '<think>a</think>b'], ['reasoning 0 a', 'text 1 b']],
    ['white space before text', [' \n', 'a'], ['text 0  \na']],
    ['reasoning that is not closed', ['<think>a</thi'], ['reasoning 0 a</thi']],
    ['reasoning that is empty', ['<think>\n\n</think>\n\na'], ['text 0 a']],
    ['reasoning without text', ['<think>a</think>\n'], ['reasoning 0 a']],
    ['a tag in a tag', ['<think>a<think>b</think>c</think>d'], ['reasoning 0 a<think>b', 'text 1 c</think>d']],
    ['only white space', ['  '], ['text 0   ']],
    ['only the beginning of a tag', ['<thin'], ['text 0 <thin']],
    ['more white space than is waited for', [' '.repeat(65), '<think>a'], [`text 0 ${' '.repeat(65)}<think>a`]],
  ])('%s', (_, texts, expected) => {
    expect(extracted(texts)).toEqual(expected)
    expect(extracted([...texts.join('')])).toEqual(expected)
  })

  it('anywhere, more than once, each in its place', () => {
    expect(extracted(['a <think>b</think>c', '<think>d</think>'], { anywhere: true })).toEqual([
      ...['text 0 a ', 'reasoning 1 b', 'text 2 c', 'reasoning 3 d'],
    ])
  })

  it('a text that begins inside the tag, which the prompt has opened', () => {
    expect(extracted(['a', '</think>\nb'], { opened: true })).toEqual(['reasoning 0 a', 'text 1 b'])
    expect(extracted(['\n<think>a', '</think>b'], { opened: true })).toEqual(['reasoning 0 a', 'text 1 b'])
  })

  it('tags by model; an answer of another model passes by identity', () => {
    const options = { tags: (model?: string) => (model === 'qwen' ? ['think', 'thought'] : []) }
    const text = textBlock(['<thought>a</thought>b'])
    const by = (model: string): StreamToken[] => [{ type: 'message-start', model }, ...text, finish()]
    expect(told(through(new ThinkExtraction(options), by('qwen')))).toContain('reasoning 0 a')
    const others = by('gpt')
    expect(through(new ThinkExtraction(options), others).every((token, i) => token === others[i])).toBe(true)
  })

  it('blocks behind it are numbered anew, their own tokens with them', () => {
    const call = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      ...textBlock(['<think>a</think>b']),
      { type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' },
      { type: 'tool-call-delta', ...call, arguments: '{}' },
      { type: 'opaque', ...call, kind: 'signature', value: 's' },
      { type: 'tool-call-end', ...call },
      { type: 'hosted-result', choice: 0, index: 2, dialect: 'd', block: {} },
      ...textBlock(['c'], { choice: 0, index: 3 }),
      finish('tool_calls'),
    ]
    const out = through(new ThinkExtraction(), tokens)
    expect(fold(out).choices[0]!.parts).toMatchObject([
      { type: 'reasoning', text: 'a' },
      { type: 'text', text: 'b' },
      { type: 'tool-call', arguments: '{}', opaque: [{ value: 's' }] },
      { type: 'hosted-result' },
      { type: 'text', text: 'c' },
    ])
    expect([...new Set(out.flatMap((token) => ('index' in token ? [token.index] : [])))]).toEqual([0, 1, 2, 3, 4])
  })

  it('a text that was nothing but an empty tag leaves no gap in the numbers', () => {
    const tokens = [start, ...textBlock(['<think></think>']), ...textBlock(['a'], { choice: 0, index: 1 }), finish()]
    expect(told(through(new ThinkExtraction(), tokens))[0]).toBe('text 0 a')
  })

  it('a block that began before the reasoning keeps its number, and none is used twice', () => {
    const call = { choice: 0, index: 1 }
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at },
      delta('<thi'),
      { type: 'tool-call-start', ...call, id: 'c', name: 'f', kind: 'function' },
      delta('nk>a</think>b'),
      { type: 'tool-call-end', ...call },
      { type: 'text-end', ...at },
      finish('tool_calls'),
    ]
    expect(told(through(new ThinkExtraction(), tokens)).slice(0, -1)).toEqual(['reasoning 0 a', 'text 2 b'])
  })

  it('a citation that comes during the reasoning waits for the text', () => {
    const citation: StreamToken = { type: 'citation', ...at, dialect: 'd', citation: {} }
    const tokens = [start, { type: 'text-start' as const, ...at, id: 't' }, delta('<think>a'), citation]
    const rest = [delta('</think>b'), { type: 'text-end' as const, ...at }, finish()]
    expect(fold(through(new ThinkExtraction(), [...tokens, ...rest])).choices[0]!.parts).toEqual([
      { type: 'reasoning', text: 'a' },
      { type: 'text', text: 'b', id: 't', citations: [{ dialect: 'd', citation: {} }] },
    ])
  })

  it('a refusal is left alone', () => {
    const tokens: StreamToken[] = [
      start,
      { type: 'text-start', ...at, refusal: true },
      delta('<think>'),
      { type: 'text-end', ...at },
      finish(),
    ]
    expect(through(new ThinkExtraction(), tokens)).toEqual(tokens)
  })

  it('log-probabilities of text that only waited stay with it', () => {
    const waited = delta('<th', [{ token: '<th', logprob: -1 }])
    const tokens = [
      start,
      { type: 'text-start' as const, ...at },
      waited,
      delta('e'),
      { type: 'text-end' as const, ...at },
      finish(),
    ]
    expect(through(new ThinkExtraction(), tokens)).toContain(waited)
  })

  it('a name that is no tag is refused', () => {
    expect(() => new ThinkExtraction({ tags: ['<think>'] })).toThrow('its name is "<think>"')
  })
})
