import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { type House, openHouse } from './house.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const script = { steps: [{ text: 'Write to ' }, { text: 'ann@exa' }, { text: 'mple.org today.' }] }
const clean = 'Write to [redacted: email] today.'

let folder: string | undefined

afterEach(() => {
  if (folder) rmSync(folder, { recursive: true })
  folder = undefined
})

/** A file of the user's own, which is loaded as it would be at a start. */
function file(name: string, text: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'sluice-transformers-'))
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function streamed({ openai }: House, model: string): Promise<string> {
  let text = ''
  for await (const { choices } of await openai.chat.completions.create({ model, messages, stream: true })) {
    text += choices[0]?.delta.content ?? ''
  }
  return text
}

async function whole({ openai }: House, model: string): Promise<string | null | undefined> {
  return (await openai.chat.completions.create({ model, messages })).choices[0]?.message.content
}

async function bytesOf(url: string, model: string, extra: object = {}): Promise<string> {
  const body = JSON.stringify({ model, messages, stream: true, max_tokens: 100, strange: [1, null], ...extra })
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body,
    headers: { authorization: 'Bearer k' },
  })
  expect(answer.status).toBe(200)
  return answer.text()
}

describe('answers', () => {
  it('of a provider with a token transformer are changed, streamed and whole, for every client', async () => {
    const house = await openHouse({
      script,
      more: (url) => [{ name: 'tr', kind: 'openai', base_url: `${url}/v1`, transformers: ['redaction'] }],
    })
    expect(await streamed(house, 'tr/m')).toBe(clean)
    expect(await whole(house, 'tr/m')).toBe(clean)
    const { content } = await house.anthropic.messages.create({ model: 'tr/m', max_tokens: 9, messages })
    expect(content).toEqual([expect.objectContaining({ type: 'text', text: clean })])
    expect(await streamed(house, 'oa/m')).toBe('Write to ann@example.org today.')
  })

  it('of an alias are changed, and those of the same model by another name are not', async () => {
    const house = await openHouse({
      script,
      models: [{ name: 'quiet', targets: ['oa/m'], transformers: ['redaction'] }],
    })
    expect(await streamed(house, 'quiet')).toBe(clean)
    expect(await whole(house, 'quiet')).toBe(clean)
    expect(await whole(house, 'oa/m')).not.toBe(clean)
  })

  it('of the models that a transformer names itself are changed', async () => {
    const house = await openHouse({
      script,
      transformers: [{ name: 'mask', use: 'redaction', options: { kinds: ['email'] }, models: ['*/gpt-*'] }],
    })
    expect(await streamed(house, 'oa/gpt-9')).toBe(clean)
    expect(await streamed(house, 'oa/m')).not.toBe(clean)
  })

  it('say at their very end what a transformer has kept until then', async () => {
    const house = await openHouse({
      script: { ...script, usage: false },
      more: (url) => [{ name: 'tr', kind: 'openai', base_url: `${url}/v1`, transformers: ['usage-estimation'] }],
    })
    const asked = { messages, stream: true as const, stream_options: { include_usage: true } }
    const stream = await house.openai.chat.completions.create({ model: 'tr/m', ...asked })
    const usages: unknown[] = []
    for await (const { usage } of stream) if (usage) usages.push(usage)
    expect(usages).toEqual([expect.objectContaining({ completion_tokens: expect.any(Number) })])
    const whole = await house.openai.chat.completions.create({ model: 'tr/m', messages })
    expect(whole.usage).toMatchObject({ completion_tokens: expect.any(Number) })
  })

  it('end where a stop sequence stands, and the upstream is not read on', async () => {
    const house = await openHouse({
      script: { steps: [{ text: 'One. STOP Two.' }] },
      transformers: [{ name: 'stop-sequences', options: { sequences: ['STOP'] }, models: ['oa/*'] }],
    })
    expect(await streamed(house, 'oa/m')).toBe('One. ')
    expect(await whole(house, 'oa/m')).toBe('One. ')
  })
})

describe('requests', () => {
  it('meet the chain of their alias before that of their provider, and nothing of it is lost', async () => {
    const house = await openHouse({
      transformers: [
        { name: 'first', use: 'system-text', options: { before: 'one' } },
        { name: 'second', use: 'system-text', options: { before: 'two' } },
        { name: 'everywhere', use: 'system-text', options: { before: 'zero' }, models: ['tr/*'] },
      ],
      models: [{ name: 'both', targets: ['tr/m'], transformers: ['first'] }],
      more: (url) => [{ name: 'tr', kind: 'openai', base_url: `${url}/v1`, transformers: ['second', 'first'] }],
    })
    await house.openai.chat.completions.create({ model: 'both', messages, seed: 7 })
    expect(house.sent()).toMatchObject({ model: 'm', seed: 7 })
    expect(JSON.stringify(house.sent().messages)).toMatch(/two.*one.*zero.*Hi/)
  })

  it('say what was lowered, and to what', async () => {
    const house = await openHouse({
      more: (url) => [{ name: 'tr', kind: 'anthropic', base_url: url, transformers: ['small'] }],
      transformers: [{ name: 'small', use: 'clamp-max-tokens', options: { most: 50 } }],
    })
    await house.anthropic.messages.create({ model: 'tr/m', max_tokens: 10_000, messages })
    expect(house.sent()).toMatchObject({ max_tokens: 50 })
    expect(house.head.get('x-sluice-warnings')).toBe('max_tokens;changed')
  })

  it('are counted as they are sent', async () => {
    const house = await openHouse({
      more: (url) => [{ name: 'tr', kind: 'anthropic', base_url: url, transformers: ['long'] }],
      transformers: [{ name: 'long', use: 'system-text', options: { after: 'word '.repeat(200) } }],
    })
    const count = (model: string) => house.anthropic.messages.countTokens({ model, messages })
    expect((await count('tr/m')).input_tokens).toBeGreaterThan((await count('an/m')).input_tokens + 100)
  })

  it('give the tools back under the names that the client knows', async () => {
    const house = await openHouse({
      script: { steps: [{ tool: 'shell', arguments: { cmd: 'ls' } }] },
      transformers: [{ name: 'rename-fields', options: { tools: { Bash: 'shell' } }, models: ['oa/*'] }],
    })
    const { choices } = await house.openai.chat.completions.create({
      model: 'oa/m',
      messages,
      tools: [{ type: 'function', function: { name: 'Bash', parameters: { type: 'object', properties: {} } } }],
    })
    expect(house.sent().tools).toMatchObject([{ function: { name: 'shell' } }])
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name: 'Bash' } }])
  })
})

describe('a chain that changes nothing', () => {
  const idle = ['clamp-max-tokens', 'clean-tool-schemas', 'rename-fields', 'small', 'effort']
  const transformers = [
    { name: 'small', use: 'clamp-max-tokens', options: { most: 4096 } },
    { name: 'effort', use: 'reasoning-effort', options: { map: { max: 'high' } } },
  ]

  it('leaves request and answer as they are, to the byte', async () => {
    const options = {
      script,
      transformers,
      more: (url: string) => [
        { name: 'tr', kind: 'openai', base_url: `${url}/v1`, api_keys: ['provider-key-oa'], transformers: idle },
      ],
    }
    const [through, direct] = [await openHouse(options), await openHouse(options)]
    const got = await bytesOf(through.sluice.url, 'tr/m')
    expect(got).toBe(await bytesOf(direct.sluice.url, 'oa/m'))
    expect(through.scripted.requests[0]?.body).toEqual(direct.scripted.requests[0]?.body)
    expect(through.sent()).toMatchObject({ strange: [1, null] })
  })

  it('leaves the answer as it is, to the byte, where only the request was changed', async () => {
    const options = {
      script,
      transformers,
      more: (url: string) => [{ name: 'tr', kind: 'openai', base_url: `${url}/v1`, transformers: idle }],
    }
    const [through, direct] = [await openHouse(options), await openHouse(options)]
    const usage = { stream_options: { include_usage: true } }
    const got = await bytesOf(through.sluice.url, 'tr/m', { max_tokens: 9999, ...usage })
    expect(got).toBe(await bytesOf(direct.sluice.url, 'oa/m', usage))
    expect(through.sent()).toMatchObject({ max_completion_tokens: 4096, strange: [1, null] })
  })
})

describe('a module of the user', () => {
  const own = (text: string, more: object = {}) => ({
    script,
    transformers: [{ name: 'mine', module: file('mine.ts', text), ...more }],
    models: [{ name: 'mine', targets: ['oa/m'], transformers: ['mine'] }],
  })

  it('is TypeScript, gets its options, and changes requests and answers', async () => {
    const house = await openHouse(
      own(
        `interface Options { word: string }
         export default ({ word }: Options) => ({
           name: 'mine',
           request: (request: any, context: { model: string; alias?: string }) =>
             ({ ...request, system: [{ type: 'text', text: word + context.model + context.alias }] }),
           tokens: () => ({
             name: 'mine',
             transform: (token: any) => token.type === 'text-delta'
               ? { action: 'replace', tokens: [{ ...token, text: token.text.toUpperCase() }] }
               : { action: 'pass' },
           }),
         })`,
        { options: { word: 'Shout: ' } },
      ),
    )
    expect(await streamed(house, 'mine')).toBe('WRITE TO ANN@EXAMPLE.ORG TODAY.')
    expect(await whole(house, 'mine')).toBe('WRITE TO ANN@EXAMPLE.ORG TODAY.')
    expect(house.sent().messages).toMatchObject([{ content: 'Shout: mmine' }, { content: 'Hi' }])
  })

  it('may wait, for requests and for tokens, and the order stays', async () => {
    const house = await openHouse(
      own(
        `const soon = () => new Promise((resolve) => setTimeout(resolve, 1))
         export default {
           request: async (request) => { await soon(); return { ...request, maxOutput: 77 } },
           tokens: () => ({
             name: 'mine', async: true, limit: 1,
             async transform(token) {
               await soon()
               return token.type === 'text-delta'
                 ? { action: 'replace', tokens: [{ ...token, text: '<' + token.text + '>' }] }
                 : { action: 'pass' }
             },
           }),
         }`,
      ),
    )
    expect((await streamed(house, 'mine')).replaceAll('><', '')).toBe('<Write to ann@example.org today.>')
    expect(await whole(house, 'mine')).toBe('<Write to ann@example.org today.>')
    expect(house.sent()).toMatchObject({ max_completion_tokens: 77 })
    const stream = house.anthropic.messages.stream({ model: 'mine', max_tokens: 9, messages })
    expect(await stream.finalText()).toMatch(/^<Write><.*><ann@exa><.*today.>$/)
  })

  const thrown = '{ throw new Error("no way") }'

  it.each([
    ['a request', 'request() { throw new Error("no way") }', 'cannot transform the request: "mine" failed: no way'],
    ['a request, later', 'request: async () => { throw new Error("no way") }', 'cannot transform the request'],
    ['a request in place', 'request(request) { request.messages[0].parts.push({}) }', 'let it give another request'],
    ['to give a request', 'request: () => 5', 'it gave something that is no request'],
    [
      'a token',
      'tokens: () => ({ transform() { throw new Error("no way") } })',
      'cannot transform a token: "mine" failed',
    ],
    ['to give a result', 'tokens: () => ({ transform() {} })', 'it gave no result'],
    [
      'at its end',
      'tokens: () => ({ transform: () => ({ action: "pass" }), async flush() {} })',
      'its flush gave no list of tokens',
    ],
    ['to say that it waits', 'tokens: () => ({ async transform() {} })', 'let it say `async: true`'],
    ['a token, later', `tokens: () => ({ async: true, async transform() ${thrown} })`, '"mine" failed: no way'],
    ['to wait for a token', `tokens: () => ({ async: true, transform() ${thrown} })`, '"mine" failed: no way'],
  ])('that fails %s breaks the request with its name, or is passed over where it says so', async (_, half, words) => {
    const house = await openHouse(own(`export default { ${half} }`))
    await expect(whole(house, 'mine')).rejects.toThrow(words)
    await expect(streamed(house, 'mine')).rejects.toThrow(words)
    const lenient = await openHouse(own(`export default { ${half} }`, { on_error: 'skip' }))
    expect(await whole(lenient, 'mine')).toBe('Write to ann@example.org today.')
    expect(await streamed(lenient, 'mine')).toBe('Write to ann@example.org today.')
  })

  const stuck =
    'export default { tokens: () => ({ async: true, timeoutMs: 0, transform: () => new Promise(() => {}) }) }'

  it('that never answers does not keep the upstream of a client that leaves', async () => {
    const house = await openHouse({
      ...own(stuck),
      script: { steps: [{ text: 'first' }, { repeat: 10_000, text: ' more', pace: 10 }] },
    })
    const leaving = new AbortController()
    const asked = house.openai.chat.completions.create(
      { model: 'mine', messages, stream: true },
      { signal: leaving.signal },
    )
    const outcome = asked.then(String, (error: Error) => error.message)
    await expect.poll(() => house.scripted.requests.length, { interval: 5 }).toBe(1)
    leaving.abort()
    expect(await outcome).toMatch(/abort/i)
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true })
  })

  it('that fails in the middle of a stream ends it at once, and the upstream with it', async () => {
    const house = await openHouse({
      ...own(
        `export default { tokens: () => { let n = 0; return { async: true, async transform(token) {
           await new Promise((resolve) => setTimeout(resolve, 20))
           if (token.type === 'text-delta' && ++n === 2) throw new Error('no way')
           return { action: 'pass' }
         } } } }`,
      ),
      script: { steps: [{ text: 'first' }, { text: ' second' }, { wait: '1m' }] },
    })
    await expect(streamed(house, 'mine')).rejects.toThrow('no way')
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true })
  })

  it('that takes its time gets another target where the first one fails, and nothing of the first is seen', async () => {
    const slow = `export default { tokens: () => ({ async: true, async transform() {
      await new Promise((resolve) => setTimeout(resolve, 5)); return { action: 'pass' } } }) }`
    const house = await openHouse({
      scripts: {
        bad: { steps: [], fault: { errorEvent: { message: 'busy' }, afterEvents: 1 } },
        good: { steps: [{ text: 'all is well' }] },
      },
      transformers: [{ name: 'mine', module: file('mine.ts', slow) }],
      models: [{ name: 'mine', targets: ['oa/bad', 'oa/good'], transformers: ['mine'] }],
    })
    expect(await streamed(house, 'mine')).toBe('all is well')
    expect(await whole(house, 'mine')).toBe('all is well')
  })

  it('that holds the first target for too long gives nothing of it, once another has been asked', async () => {
    const slow = `export default { tokens: ({ model }) => ({ async: true, async transform() {
      await new Promise((resolve) => setTimeout(resolve, model === 'first' ? 100 : 1)); return { action: 'pass' } } }) }`
    const house = await openHouse({
      scripts: {
        first: { steps: [{ text: 'of the first' }, { wait: '1m' }] },
        second: { headDelay: '600ms', steps: [{ text: 'all is well' }] },
      },
      streaming: { first_token_timeout: '50ms' },
      transformers: [{ name: 'mine', module: file('mine.ts', slow) }],
      models: [{ name: 'mine', targets: ['oa/first', 'oa/second'], transformers: ['mine'] }],
    })
    expect(await streamed(house, 'mine')).toBe('all is well')
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true })
  })

  it('that takes too long for a request is given up', async () => {
    const house = await openHouse(own('export default { request: () => new Promise(() => {}) }', { timeout: '20ms' }))
    await expect(whole(house, 'mine')).rejects.toThrow('gave no answer within 20 ms')
  })

  async function answerOf(house: House, stream: boolean): Promise<{ status: number; text: string; head: Headers }> {
    const body = JSON.stringify({ model: 'mine', messages, stream })
    const headers = { authorization: 'Bearer client-key' }
    const answer = await fetch(`${house.sluice.url}/v1/chat/completions`, { method: 'POST', body, headers })
    return { status: answer.status, text: await answer.text(), head: answer.headers }
  }

  /** What counts against the target, by the gateway's own account. */
  async function blamed({ sluice }: House): Promise<unknown[]> {
    const { targets } = (await (await fetch(`${sluice.url}/admin/v1/targets`)).json()) as { targets: object[] }
    return targets.filter((one) => 'failed_requests' in one && one.failed_requests !== 0)
  }

  const transforming = (result: string) => `tokens: () => ({ transform: (token) => (${result}) })`
  const ofText = (result: string) => transforming(`token.type === 'text-delta' ? ${result} : { action: 'pass' }`)

  it.each([
    ['swallows the finish', transforming(`{ action: token.type === 'finish' ? 'skip' : 'pass' }`), 'without a finish'],
    ['swallows everything', transforming(`{ action: 'skip' }`), 'before it started'],
    ['gives an error that is none', transforming(`{ action: 'error', error: 'no more' }`), 'no more'],
    ['gives an error without one', ofText(`{ action: 'error' }`), 'did not say which'],
    ['gives tokens of no type', transforming(`{ action: 'replace', tokens: [{ type: 'nonsense' }] }`), 'nonsense'],
    ['gives a text that is none', ofText(`{ action: 'replace', tokens: [{ ...token, text: 5 }] }`), '`text` is 5'],
    ['gives text to no block', ofText(`{ action: 'replace', tokens: [{ ...token, index: 77 }] }`), '0/77'],
    ['gives a message without parts', `request: (r) => ({ ...r, messages: [{ role: 'user' }] })`, 'parts` is missing'],
    ['gives no message', `request: async (r) => ({ ...r, messages: [null] })`, 'messages[0]` is null'],
    ['gives a role of its own', `request: (r) => ({ ...r, messages: [{ role: 'x', parts: [] }] })`, 'role` is'],
    ['gives what JSON cannot say', `request: (r) => ({ ...r, seed: 10n })`, '`seed` is a bigint'],
    ['warns of nothing', 'request(r, context) { context.warn() }', 'called `warn` without'],
    ['warns without a field', 'request(r, context) { context.warn({ action: "changed" }) }', 'called `warn` without'],
    ['warns without an action', 'request(r, context) { context.warn({ field: "seed" }) }', 'called `warn` without'],
  ])('that %s gets one error with its name, and its target no blame', async (_, half, words) => {
    const house = await openHouse(own(`export default { ${half} }`))
    for (const stream of [true, false]) {
      const { status, text } = await answerOf(house, stream)
      if (status === 200) {
        // Content had gone, and nothing was said behind it but the error.
        const events = text.split('\n\n').filter((event) => event.startsWith('data: {'))
        const read = events.map((event) => JSON.parse(event.slice(6)))
        expect(read.filter(({ error }) => error)).toHaveLength(1)
        expect(text).not.toMatch(/"finish_reason":"/)
      } else expect(status).toBe(500)
      expect(text).toContain('\\"mine\\"')
      expect(text).toContain(JSON.stringify(words).slice(1, -1))
    }
    expect(await blamed(house)).toEqual([])
  })

  it('that fails at its very end says so in the place of the finish', async () => {
    const failing = '{ throw new Error("no way") }'
    for (const waiting of ['', 'async: true, async ']) {
      const half = `tokens: () => ({ ${waiting}transform: () => ({ action: 'pass' }), flush() ${failing} })`.replace(
        'async transform:',
        'transform: async',
      )
      const house = await openHouse(own(`export default { ${half} }`))
      const { status, text } = await answerOf(house, true)
      expect([status, text.match(/"finish_reason":"/), text.match(/"error"/g)]).toEqual([200, null, ['"error"']])
      const asked = { model: 'mine', max_tokens: 9, messages, stream: true as const }
      const types: string[] = []
      const events = await house.anthropic.messages.create(asked)
      const read = async () => {
        for await (const { type } of events) types.push(type)
      }
      await expect(read()).rejects.toThrow('no way')
      expect(types).toContain('content_block_delta')
      expect(types).not.toContain('message_delta')
    }
  })

  it('that warns in words that no header can carry keeps the connection, and the client hears of it', async () => {
    const half = `request(r, context) {
      context.warn({ field: 'a\\r\\nset-cookie: x', action: 'chan\\r\\nged' })
      for (let i = 0; i < 100000; i++) context.warn({ field: 'x' + i, action: 'dropped' })
    }`
    const house = await openHouse(own(`export default { ${half} }`))
    const { status, head } = await answerOf(house, true)
    expect(status).toBe(200)
    expect(head.get('set-cookie')).toBeNull()
    expect(head.get('x-sluice-warnings')).toMatch(/^a__set-cookie:_x;chan__ged, x0;dropped, .*others;dropped$/)
  })

  it('is loaded as the page about transformers shows it, where no package is installed', async () => {
    const page = readFileSync(new URL('../../docs/transformers.md', import.meta.url), 'utf8')
    const code = /## Your own[\s\S]*?```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
    const house = await openHouse(own(code, { options: { by: 'the night shift' } }))
    expect(await streamed(house, 'mine')).toBe('WRITE TO ANN@EXAMPLE.ORG TODAY.')
    expect(JSON.stringify(house.sent())).toContain('You are m, asked by the night shift.')
  })

  it.each([
    ['export default 5', 'it exports no transformer as its default'],
    ['export default { name: "x" }', 'it does nothing'],
    ['export default { request: 1 }', 'its `request` is a number'],
    ['throw new Error("broken file")', 'broken file'],
    ['export default ({', 'mine.ts'],
  ])('that cannot be used stops the start, with its place in the configuration: %s', async (text, words) => {
    file('mine.ts', text)
    const config = file('sluice.toml', '\n[[transformers]]\nname = "mine"\nmodule = "./mine.ts"\n')
    const start = createSluice({ config, env: {}, port: 0, logLevel: 'silent' })
    await expect(start).rejects.toThrow(words)
    await expect(start).rejects.toThrow('sluice.toml:4: transformers[0].module')
  })
})
