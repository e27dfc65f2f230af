import { describe, expect, it } from 'vitest'
import { alive, begin, deserted, languages, middle, overloaded, pairs, played, spoken } from './answers.ts'
import { hear, streamRequest, wholeRequest } from './clients.ts'
import { openHouse, type Play } from './house.ts'

const clean = { text: 'one two', args: '', opened: true }
describe.each(pairs)('a client of %s before %s', (client, upstream) => {
  const { start } = played(upstream, 'one ')

  it.each([
    ['first', overloaded[upstream]],
    ['behind starts, empty items and signs of life', alive[upstream] + start + alive[upstream] + overloaded[upstream]],
  ])('an overload inside of a 200 looks like an answer: it is the status of the answer, %s', async (_, events) => {
    const house = await openHouse(events)
    const { opened, error } = await hear(house, client, upstream)
    expect([opened, error?.status]).toEqual([false, client === 'anthropic-messages' ? 529 : 503])
    expect(house.asked).toHaveLength(1)
  })

  it('what was said before a failure is said again: it is said once, and the provider asked once', async () => {
    const house = await openHouse(middle(upstream) + overloaded[upstream])
    const { text, error } = await hear(house, client, upstream)
    expect([text, error?.message]).toEqual(['one two', expect.stringContaining('too busy')])
    expect(house.asked).toHaveLength(1)
  })
})

const neighbours = languages.flatMap((one, at) => [[one, one] as const, [one, languages[(at + 1) % 4]!] as const])

describe.each(neighbours)('a client of %s before %s', (client, upstream) => {
  it.each([
    ['nothing', { idle_timeout: '50ms' }, ''],
    ['signs of life alone', { stall_timeout: '80ms' }, alive[upstream]],
    ['more and more', { total_timeout: '150ms' }, played(upstream, 'more').texts[0]!],
  ])(
    'a provider that has begun keeps the connection for ever: it is let go, sending %s',
    async (_, streaming, more) => {
      const { play, gone } = deserted((response) => {
        begin(response, middle(upstream))
        const pulse = setInterval(() => response.write(more), 10)
        response.on('close', () => clearInterval(pulse))
      })
      const house = await openHouse(play, { streaming })
      const { text, error } = await hear(house, client, upstream)
      expect([text.slice(0, 7), error !== undefined]).toEqual(['one two', true])
      await gone
    },
  )
})

describe.each(languages)('a client of %s', (client) => {
  const upstream = 'openai-chat'

  it.each([
    ['its answer', spoken(upstream, 'one ', 'two'), undefined],
    ['an error, then', overloaded[upstream], 'too busy'],
  ])(
    'a proxy in front gives up before the head comes: it comes with a sign of life, and later %s',
    async (_, body, wrong) => {
      const { promise: headSeen, resolve: seeHead } = Promise.withResolvers<void>()
      const house = await openHouse(
        async (response) => {
          await headSeen
          response.writeHead(200, { 'content-type': 'text/event-stream' }).end(body)
        },
        { streaming: { status_ceiling: '20ms' } },
      )
      const request = streamRequest(client, upstream)
      const answer = await fetch(house.sluice.url + request.path, {
        method: 'POST',
        body: JSON.stringify(request.body),
      })
      const reader = answer.body!.getReader()
      const sign = new TextDecoder().decode((await reader.read()).value)
      expect(sign).toMatch(client === 'anthropic-messages' ? /^event: ping\n.*\n\n$/ : /^:.*\n\n$/)
      seeHead()
      let rest = ''
      for (let read = await reader.read(); !read.done; read = await reader.read())
        rest += Buffer.from(read.value).toString()
      // The sign of life was no beginning, so that an error can still stand alone.
      if (client === 'anthropic-messages') expect(rest.split('event: message_start')).toHaveLength(wrong ? 1 : 2)
      if (client === 'openai-responses') expect(rest.split('event: response.created')).toHaveLength(2)
      expect(rest).toContain(wrong ?? 'two')
    },
  )

  it.each([400, 401, 404, 429, 500, 503])(
    'streams have a policy of their own: %i is the same for a whole answer',
    async (status) => {
      const refuse: Play = (response) => response.writeHead(status).end('{"error":{"message":"no","type":"t"}}')
      const house = await openHouse(refuse)
      const stream = streamRequest(client, upstream)
      const whole = wholeRequest(client, upstream)
      const answers = [await house.post(stream.path, stream.body), await house.post(whole.path, whole.body)]
      const [one, other] = answers.map((answer) => [answer.status, answer.text.replaceAll(/req_\w+/g, '')])
      expect(one).toEqual(other)
      expect(house.records.map(({ code }) => code)).toEqual([house.records[0]?.code, house.records[0]?.code])
    },
  )

  it('every deploy cuts the streams that run: they come to their end, and nothing new is taken', async () => {
    const { start, texts, end } = played(upstream, 'one ', 'two')
    const { promise: draining, resolve: goOn } = Promise.withResolvers<void>()
    const house = await openHouse(async (response) => {
      begin(response, start + texts[0])
      await draining
      response.end(texts[1] + end)
    })
    let drained: Promise<void> | undefined
    const heard = await hear(house, client, upstream, () => {
      if (drained) return
      drained = house.sluice.drain()
      void (async () => {
        expect((await fetch(`${house.sluice.url}/readyz`)).status).toBe(503)
        const { path, body } = streamRequest(client, upstream)
        expect([503, 529]).toContain((await house.post(path, body)).status)
        expect(house.asked).toHaveLength(1)
      })().then(goOn, goOn)
    })
    expect(heard).toEqual(clean)
    await drained
    expect(house.records.map(({ code }) => code)).toEqual(['draining', undefined])
  })

  it('a stream that outlasts the deploy just stops: it ends with an error that says so', async () => {
    const house = await openHouse((response) => begin(response, middle(upstream)), {
      server: { drain_timeout: '30ms' },
    })
    const { text, error } = await hear(house, client, upstream, () => void house.sluice.drain())
    expect([text, error?.message]).toEqual(['one two', expect.stringContaining('shutting down')])
  })
})

describe.each(['openai-chat', 'openai-responses', 'anthropic-messages'] as const)('the SDK of %s', (client) => {
  it('an error shows up in the middle of reading, where no SDK tries again: it does, and succeeds', async () => {
    const { start } = played(client, 'one ')
    const house = await openHouse([start + overloaded[client], spoken(client, 'one ', 'two')])
    const openai = house.openai.withOptions({ maxRetries: 1 })
    const anthropic = house.anthropic.withOptions({ maxRetries: 1 })
    expect(await hear({ ...house, openai, anthropic }, client, client)).toEqual(clean)
    expect(house.asked).toHaveLength(2)
  })
})
