import { describe, expect, it } from 'vitest'
import { root, run } from '../../scripts/run.ts'
import { type ChatRequest, countInput, countText, estimateInput, type Message } from '../../src/tokens/index.ts'

function asking(messages: Message[], more: Partial<ChatRequest> = {}): ChatRequest {
  const extra = { dialect: 'openai-chat', fields: {} }
  return { model: 'm', stream: false, system: [], messages, tools: [], sampling: {}, extra, ...more }
}
const says = (text: string): Message => ({ role: 'user', parts: [{ type: 'text', text }] })
const turn = 4

describe('countInput', () => {
  it.each([
    ['', 0],
    ['hello world', 2],
    ['The quick brown fox jumps over the lazy dog.', 10],
    ['😀', 1],
  ])('%j', async (text, tokens) => {
    expect(await countInput(asking([says(text)]))).toBe(turn + tokens)
  })

  it('text that looks like a mark of the tokenizer is text and no failure', async () => {
    for (const mark of ['<|endoftext|>', '<|endofprompt|>', '<|im_start|>', '<|start|>']) {
      const counted = await countInput(asking([says(`before ${mark} after`)]))
      expect(counted).toBeGreaterThan(turn + 4)
      expect(counted).toBeLessThan(turn + 15)
    }
  })

  it('broken surrogates are no failure', async () => {
    expect(await countInput(asking([says('\ud800 and \udc00')]))).toBeGreaterThan(turn)
  })

  it.each([
    ['one letter', 'a'],
    ['spaces', ' '],
    ['Chinese without a stop', '漢字仮名'],
    ['digits', '0123456789'],
    ['marks', '-=/\n'],
  ])('a run of %s without end holds nobody up', async (_, unit) => {
    const text = unit.repeat(Math.ceil(200_000 / unit.length))
    const since = performance.now()
    const counted = await countInput(asking([says(text)]))
    expect(performance.now() - since).toBeLessThan(1500)
    expect(counted).toBeGreaterThan(100)
    expect(counted).toBeLessThanOrEqual(text.length * 3)
  })

  it('a large prompt counts as much in portions as in one piece', async () => {
    const text = 'Say 12 things,\n\n  then  stop!\n  { \t"ключ": [1, 2] } \r\n 流れ の '.repeat(4000)
    expect(await countInput(asking([says(text)]))).toBe(turn + (await countText(text)))
  })

  it('others have their turn while a large prompt is counted', async () => {
    let turns = 0
    const others = setInterval(() => turns++)
    await countInput(asking([says('a word of its own '.repeat(40_000))]))
    clearInterval(others)
    expect(turns).toBeGreaterThan(2)
  })

  it('everything that the model reads is counted', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    const requests: ChatRequest[] = [
      asking([says('hi')]),
      asking([says('hi')], { system: [{ type: 'text', text: 'be brief' }] }),
      asking([says('hi')], {
        tools: [{ kind: 'function', name: 'f', description: 'the weather', parameters: schema }],
      }),
      asking([says('hi')], {
        tools: [{ kind: 'hosted', dialect: 'd', name: 'w', definition: { type: 'web_search' } }],
      }),
      asking([says('hi')], { output: { type: 'json-schema', schema } }),
      asking([says('hi'), { role: 'assistant', parts: [{ type: 'reasoning', text: 'let me see' }] }]),
      asking([
        says('hi'),
        {
          role: 'assistant',
          parts: [{ type: 'tool-call', id: 'c', name: 'f', kind: 'function', arguments: '{"city":"Rome"}' }],
        },
      ]),
      asking([
        says('hi'),
        { role: 'tool', parts: [{ type: 'tool-result', id: 'c', content: [{ type: 'text', text: 'it rains' }] }] },
      ]),
      asking([
        says('hi'),
        { role: 'user', parts: [{ type: 'image', source: { kind: 'url', url: 'https://a.example/b.png' } }] },
      ]),
      asking([
        says('hi'),
        { role: 'user', parts: [{ type: 'file', source: { kind: 'text', text: 'a whole letter' } }] },
      ]),
      asking([
        says('hi'),
        { role: 'user', parts: [{ type: 'hosted', dialect: 'd', block: { type: 'x', text: 'y' } }] },
      ]),
    ]
    const counted = await Promise.all(requests.map(countInput))
    const [bare, ...more] = counted
    expect(bare).toBe(turn + 1)
    for (const one of more) expect(one).toBeGreaterThan(bare! + 4)
    // The guess from lengths alone is of the same order.
    for (const [i, request] of requests.entries()) {
      const ratio = estimateInput(request) / counted[i]!
      expect(ratio).toBeGreaterThan(0.5)
      expect(ratio).toBeLessThan(2)
    }
  })

  it('a vocabulary is loaded by the first count and not before, and then only that one', async () => {
    const code = `
      import { registerHooks } from 'node:module'
      const loaded = []
      const resolve = (name, context, next) => {
        if (name.includes('tokenizer')) loaded.push(name)
        return next(name, context)
      }
      registerHooks({ resolve })
      const { countInput, estimateInput, estimateText, TokenCounter, TokenDecoder } = await import('./src/tokens/index.ts')
      const request = ${JSON.stringify(asking([says('hello world')]))}
      new TokenDecoder({ name: 'own', ranks: ['a'] }).decodeToken(0)
      console.log(estimateInput(request), Math.round(estimateText('hello world')), JSON.stringify(loaded))
      await countInput(request)
      await countInput(request)
      await TokenDecoder.open('o200k_base')
      console.log(JSON.stringify(loaded))`
    const { output } = await run('node', ['--input-type=module', '-e', code], { cwd: root })
    expect(output.trim().split('\n')).toEqual(['7 2 []', '["gpt-tokenizer/bpeRanks/o200k_base"]'])
  })
})

describe('estimateInput', () => {
  it('is a quarter of the characters, and something for each turn and picture', () => {
    const image = { type: 'image' as const, source: { kind: 'file' as const, id: 'f' } }
    const request = asking([says('x'.repeat(400)), { role: 'user', parts: [image] }], {
      system: [{ type: 'text', text: 'abc' }],
    })
    expect(estimateInput(request)).toBe(101 + 1100 + 3 * turn)
    expect(estimateInput(asking([]))).toBe(0)
  })
})
