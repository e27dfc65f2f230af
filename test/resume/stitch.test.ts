import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { continueRequest, Delivered, Overlap, Stitch } from '../../src/resume/index.ts'
import { type ChatRequest, fold, grammar, type StreamToken, type Usage, unfold } from '../../src/tokens/index.ts'
import { arbitraryReply } from '../properties/arbitrary-reply.ts'

/** What a client gets of an answer that breaks off before the token of that number, and is gone on with by another. */
function stitched(first: StreamToken[], at: number, second: StreamToken[]) {
  const delivered = new Delivered()
  const out: StreamToken[] = []
  const emit = (token: StreamToken): void => {
    out.push(token)
  }
  for (const token of first.slice(0, at)) {
    delivered.push(token)
    emit(token)
  }
  const hindrance = delivered.hindrance(true)
  if (hindrance !== undefined) return { hindrance, delivered, out }
  const stitch = new Stitch(delivered)
  for (const token of second) stitch.push(token, emit)
  return { hindrance, delivered, out }
}

const textOf = (tokens: StreamToken[]): string =>
  tokens.map((token) => (token.type === 'text-delta' ? token.text : '')).join('')

describe('an answer of two halves', () => {
  it('keeps the grammar of one answer, wherever the first one broke and whatever the second one is', () => {
    let gone = 0
    fc.assert(
      fc.property(arbitraryReply, fc.nat(1000), arbitraryReply, (one, cut, two) => {
        const first = [...unfold({ ...one, choices: one.choices.slice(0, 1) })]
        const second = [...unfold({ ...two, choices: two.choices.slice(0, 1) })]
        // The beginning of the message has always gone out with the first content.
        const { hindrance, out } = stitched(first, 1 + (cut % first.length), second)
        if (hindrance !== undefined) return
        gone++
        const stage = grammar()
        for (const token of out) stage.push(token, () => {})
        stage.end?.(() => {})
        fold(out)
      }),
      { numRuns: 500 },
    )
    expect(gone).toBeGreaterThan(50)
  })

  it('says what was delivered and then what the second one says', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 50 }),
        fc.array(fc.string({ maxLength: 9 }), { maxLength: 9 }),
        (said, pieces) => {
          const start: StreamToken = { type: 'text-start', choice: 0, index: 0 }
          const delta = (text: string): StreamToken => ({ type: 'text-delta', choice: 0, index: 0, text })
          const first = [{ type: 'message-start' }, start, delta(`${said}.`)] as StreamToken[]
          // Nothing of it is a repetition.
          const rest = ['\u2603', ...pieces]
          const second = [
            { type: 'message-start' },
            start,
            ...rest.map(delta),
            { type: 'text-end', choice: 0, index: 0 },
          ]
          const { out } = stitched(first, 3, second as StreamToken[])
          expect(textOf(out)).toBe(`${said}.${rest.join('')}`)
          expect(out.filter(({ type }) => type === 'text-start').length).toBe(1)
        },
      ),
    )
  })

  it('counts the usage of both, and says that it is an estimate where the first did not tell its own', () => {
    const usage = (input: number, output: number): StreamToken => ({ type: 'usage', usage: { input, output } })
    const start: StreamToken[] = [{ type: 'message-start' }, { type: 'text-start', choice: 0, index: 0 }]
    const told = stitched([...start, usage(10, 1)], 3, [{ type: 'message-start' }, usage(12, 20)])
    expect(told.out.at(-1)).toEqual({ type: 'usage', usage: { input: 22, output: 21, estimated: true } })
    const untold = stitched(start, 2, [{ type: 'message-start' }, usage(12, 20)])
    expect(untold.out.at(-1)).toEqual({ type: 'usage', usage: { input: 12, output: 20, estimated: true } })
  })

  it('counts what only an early event of the second one tells, and sums of tools and of money', () => {
    const told = (usage: Usage): StreamToken => ({ type: 'usage', usage })
    const cost = (amount: number) => ({ cost: { amount, unit: 'USD' } })
    const first: StreamToken[] = [
      { type: 'message-start' },
      told({ input: 10, cacheWrite5m: 4, serverTools: { search: 1 }, ...cost(2) }),
    ]
    const second: StreamToken[] = [
      { type: 'message-start' },
      told({ input: 12, cacheWrite5m: 5, serverTools: { search: 2, constructor: 1 }, ...cost(3) }),
      told({ output: 20 }),
    ]
    const usage = {
      estimated: true,
      input: 22,
      output: 20,
      cacheWrite5m: 9,
      serverTools: { search: 3, constructor: 1 },
    }
    expect(stitched(first, 2, second).out.at(-1)).toEqual({ type: 'usage', usage: { ...usage, ...cost(5) } })
  })
})

describe('words that are said once more at the seam', () => {
  const run = (said: string, text: string, size: number): string => {
    const overlap = new Overlap(said)
    let out = ''
    for (let at = 0; at < text.length; at += size) out += overlap.push(text.slice(at, at + size))
    return out + overlap.flush()
  }

  it('are left out, in whatever pieces they come', () => {
    const words = fc.array(fc.constantFrom('alpha ', 'beta ', 'gamma, ', 'delta. ', 'epsilon\n'), {
      minLength: 8,
      maxLength: 30,
    })
    fc.assert(
      fc.property(
        words,
        fc.integer({ min: 16, max: 60 }),
        fc.string({ maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        (list, again, rest, size) => {
          const said = list
            .map((word, i) => `${i} ${word}`)
            .join('')
            .trimEnd()
          const repeated = said.slice(-again)
          fc.pre(repeated.length >= 16)
          const out = run(said, `${repeated}\u2603${rest}`, size)
          expect(out).toBe(`\u2603${rest}`)
        },
      ),
    )
  })

  it('are nothing that is lost where nothing is repeated', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 80 }),
        fc.string({ maxLength: 80 }),
        fc.integer({ min: 1, max: 20 }),
        (said, text, size) => {
          fc.pre(!said.endsWith(text.slice(0, 1)) || text === '')
          const out = run(said.trimEnd(), text, size)
          expect(text.endsWith(out)).toBe(true)
          // Short likenesses are chance.
          expect(text.length - out.length === 0 || text.length - out.length >= 16).toBe(true)
        },
      ),
    )
  })

  it('are none where a short pattern goes on, nor where nobody repeats words', () => {
    expect(run('[0, 0, 0, 0, 0, 0, 0, ', '0, 0, 0, 0, 0, 0, 0, 0, 1]', 4)).toBe('0, 0, 0, 0, 0, 0, 0, 0, 1]')
    expect(run('|--------------------', '--------------------|', 7)).toBe('--------------------|')
    const overlap = new Overlap('the very same words, ', { words: false })
    expect(overlap.push('the very same words, again') + overlap.flush()).toBe('the very same words, again')
  })

  it('are space that stands on both sides of the seam', () => {
    expect(run('One. ', ' Two.', 1)).toBe('Two.')
    expect(run('One.', ' Two.', 1)).toBe(' Two.')
    expect(run('One.\n\n', 'Two.', 3)).toBe('Two.')
  })

  it('cost no more than what they are looked for in: nothing is held for long', () => {
    const overlap = new Overlap('ab'.repeat(10_000))
    let held = 0
    for (let i = 0; i < 5000; i++) held += overlap.push('ab') === '' ? 2 : 0
    expect(held).toBeLessThanOrEqual(400)
  })
})

describe('the request for the rest', () => {
  const request = (messages: ChatRequest['messages']): ChatRequest => ({
    model: 'm',
    stream: true,
    system: [],
    messages,
    tools: [],
    sampling: {},
    reasoning: { effort: 'high' },
    extra: { dialect: 'none', fields: {} },
  })
  const user: ChatRequest['messages'] = [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }]

  it('ends with what was said, without the space that vendors refuse', () => {
    const one = request(user)
    continueRequest(one, { text: 'So far \n', prefill: true })
    expect(one.messages.at(-1)).toEqual({ role: 'assistant', parts: [{ type: 'text', text: 'So far' }] })
    expect(one.reasoning).toBe(undefined)
    expect(user.length).toBe(1)
  })

  it('joins a beginning that the client itself had made', () => {
    const one = request([...user, { role: 'assistant', parts: [{ type: 'text', text: 'Once ' }] }])
    continueRequest(one, { text: 'upon a time', prefill: true })
    expect(one.messages.length).toBe(2)
    expect(one.messages.at(-1)?.parts).toEqual([{ type: 'text', text: 'Once upon a time' }])
  })

  it('leaves as much of the ceiling as was not used', () => {
    const one = { ...request(user), maxOutput: 100 }
    continueRequest(one, { text: 'word '.repeat(40), prefill: true })
    expect(one.maxOutput).toBeGreaterThan(30)
    expect(one.maxOutput).toBeLessThan(80)
    const spent = { ...request(user), maxOutput: 5 }
    continueRequest(spent, { text: 'word '.repeat(40), prefill: true })
    expect(spent.maxOutput).toBe(1)
  })

  it('says what to do where no beginning is taken, and is the same request where nothing was said', () => {
    const told = request(user)
    continueRequest(told, { text: 'So far', prefill: false })
    expect(told.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
    expect(told.reasoning).toEqual({ effort: 'high' })
    const same = request(user)
    continueRequest(same, { text: ' \n', prefill: true })
    expect(same).toEqual(request(user))
  })
})
