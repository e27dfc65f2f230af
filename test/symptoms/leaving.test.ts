import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { request, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { pause } from '../faults/house.ts'
import { begin, deserted, languages, middle, played, spoken } from './answers.ts'
import { streamRequest, wholeRequest } from './clients.ts'
import { type House, openHouse } from './house.ts'

const phases: Array<[string, (response: ServerResponse) => void]> = [
  ['before the head', () => {}],
  ['behind the head', (response) => begin(response, '')],
  ['before the first word', (response) => begin(response, played('openai-chat', 'one ').start)],
  ['in the middle', (response) => begin(response, middle('openai-chat'))],
]
const clients = [...languages, 'ollama'] as const
const endpoints: Array<[string, { path: string; body: object }]> = [
  ...clients.map((client): [string, { path: string; body: object }] => [
    `${client}, streamed`,
    streamRequest(client, 'openai-chat'),
  ]),
  ...clients.map((client): [string, { path: string; body: object }] => [
    `${client}, whole`,
    wholeRequest(client, 'openai-chat'),
  ]),
  ['untouched bytes', { path: '/raw/openai-chat/chat/completions', body: { stream: true } }],
]

async function leave(
  house: House,
  { path, body }: { path: string; body: object },
  begun: Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  const asked = fetch(house.sluice.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: controller.signal,
  })
  const over = asked.then((answer) => answer.text()).catch(() => {})
  await begun
  controller.abort()
  await over
}

describe.each(phases)('a client that leaves %s', (_, phase) => {
  it.each(endpoints)(
    'the provider goes on for nobody, and it looks like a success: it stops, %s',
    async (_, request) => {
      const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>()
      const { play, gone } = deserted((response) => {
        phase(response)
        // The words have their time to reach the client that has not gone yet.
        setTimeout(hasBegun, 20)
      })
      const house = await openHouse(play)
      await leave(house, request, begun)
      await gone
      await expect.poll(() => house.records).toMatchObject([{ outcome: 'aborted', code: 'client_closed' }])
    },
  )
})

it('a count goes on for nobody: a client that leaves takes it along', async () => {
  const { promise: begun, resolve: hasBegun } = Promise.withResolvers<void>()
  const { play, gone } = deserted(() => hasBegun())
  const house = await openHouse(play)
  const body = { model: 'anthropic-messages/m', messages: [{ role: 'user', content: 'Hi' }] }
  await leave(house, { path: '/v1/messages/count_tokens', body }, begun)
  await gone
})

it('abandoned streams keep their places: all of them are free again', async () => {
  const open = new Set<ServerResponse>()
  const flood = played('openai-chat', 'x'.repeat(100_000)).texts[0]!
  const house = await openHouse((response) => {
    open.add(response)
    response.on('close', () => open.delete(response))
    begin(response, middle('openai-chat'))
    const more = (): void => {
      while (!response.destroyed && response.write(flood));
    }
    response.on('drain', more)
    more()
  })
  const { path, body } = streamRequest('anthropic-messages', 'openai-chat')
  for (let i = 0; i < 10; i++) {
    const controller = new AbortController()
    // It never reads.
    await fetch(house.sluice.url + path, { method: 'POST', body: JSON.stringify(body), signal: controller.signal })
    controller.abort()
  }
  await expect.poll(() => open.size).toBe(0)
  // That waits for whatever still runs.
  await house.sluice.drain()
  expect(house.records.map(({ outcome }) => outcome)).toEqual(Array(10).fill('aborted'))
})

it('memory grows with what a slow client has not read: the provider is held back', async () => {
  const flood = played('openai-chat', 'x'.repeat(100_000)).texts[0]!
  let written = 0
  const house = await openHouse((response) => {
    begin(response, middle('openai-chat'))
    const more = (): void => {
      while (!response.destroyed && written < 64 << 20) {
        written += flood.length
        if (!response.write(flood)) return
      }
    }
    response.on('drain', more)
    more()
  })
  const { path, body } = streamRequest('anthropic-messages', 'openai-chat')
  // An answer of `fetch` that nobody holds is given up with the next garbage.
  const call = request(house.sluice.url + path, { method: 'POST', agent: false }).end(JSON.stringify(body))
  await once(call, 'response')
  for (let before = -1; before !== written; await pause(200)) before = written
  // What the sockets of both ends hold, and not what was to come.
  expect(written).toBeLessThan(32 << 20)
  expect(house.records).toEqual([])
  call.destroy()
})

it('listeners pile up on a connection that serves many streams: there are no more than after the first', async () => {
  const house = await openHouse(spoken('openai-chat', 'one ', 'two'))
  const sockets: Socket[] = []
  const note = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    if (socket.localPort === house.sluice.port) sockets.push(socket)
  }
  subscribe('http.server.request.start', note)
  const { path, body } = streamRequest('anthropic-messages', 'openai-chat')
  const counts: number[] = []
  for (let i = 0; i < 12; i++) {
    await house.post(path, body)
    await pause(5)
    counts.push(sockets[i]!.eventNames().reduce((sum, name) => sum + sockets[i]!.listenerCount(name), 0))
  }
  unsubscribe('http.server.request.start', note)
  expect(new Set(sockets).size).toBe(1)
  expect(counts.at(-1)).toBe(counts[0])
})
