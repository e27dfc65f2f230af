import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { startScripted } from '../../src/providers/scripted/index.ts'
import { auth, bearers, chat, chunk, eventually, long, open, provider, whole } from './reloading.ts'

it('a change under fifty running streams breaks none of them, and holds for the next request', async () => {
  const { upstream, write, said, ask, status, sluice } = await open(
    (url) => provider('old', url) + provider('spare', url),
  )
  const other = await startScripted()
  onTestFinished(() => other.close())
  const running = Array.from({ length: 50 }, () => ask('old/m', long))
  await eventually(() => upstream.requests.length === 50, 'all are running')
  write(
    `[streaming]\nconnect_timeout = "3s"\nheartbeat = "5ms"\n${provider('new', other.url)}${provider('spare', upstream.url)}`,
  )
  await said(/added provider new; removed provider old; changed \[streaming\] heartbeat, \[streaming\] connect_timeout/)
  expect((await status()).running).toBe(50)
  // In the middle of it, twice, and with another transport each time.
  write(`[streaming]\nconnect_timeout = "4s"\n${provider('new', other.url)}${provider('spare', upstream.url)}`)
  await said(/read again: changed \[streaming\] heartbeat, \[streaming\] connect_timeout/)
  expect((await ask('new/m')).status).toBe(200)
  expect((await ask('old/m')).status).toBe(404)
  expect(other.requests.length).toBe(1)
  expect(sluice.config.providers.map(({ name }) => name)).toEqual(['new', 'spare'])
  for (const { status, text } of await Promise.all(running)) expect([status, whole(text)]).toEqual([200, true])
  expect(upstream.requests.length).toBe(50)
  expect((await status()).running).toBe(0)
})

it('connections of before are kept until the last stream on them is over, and no longer', async () => {
  const answers: ServerResponse[] = []
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`data: ${chunk('Hi')}\n\n`)
    answers.push(response)
  })
  // Otherwise an idle connection would be closed soon by whoever looks first.
  server.keepAliveTimeout = 600_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const connections = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  const text = (timeout: string, heartbeat = '15s') =>
    `[streaming]\nconnect_timeout = "${timeout}"\nheartbeat = "${heartbeat}"\n${provider('house', url)}`
  const { write, said, ask, records } = await open(() => text('1s'))
  const asked = [ask('house/m'), ask('house/m')]
  await eventually(() => answers.length === 2, 'two are running')
  // First one that keeps the connections, so that those who use them are of several configurations.
  write(text('1s', '9s'))
  await said(/changed \[streaming\] heartbeat$/)
  asked.push(ask('house/m'))
  await eventually(() => answers.length === 3, 'three are running')
  write(text('2s', '9s'))
  await said(/changed \[streaming\] connect_timeout$/)
  const end = (n: number) => answers[n]?.end(`data: ${chunk('', 'stop')}\n\ndata: [DONE]\n\n`)
  end(1)
  end(2)
  await eventually(() => records.length === 2, 'two are over')
  await new Promise((resolve) => setTimeout(resolve, 100))
  // The first is as old as they are: nothing is cut as long as it runs.
  expect(await connections()).toBe(3)
  end(0)
  for (const { status, text } of await Promise.all(asked)) {
    expect([status, text.endsWith('data: [DONE]\n\n')]).toEqual([200, true])
  }
  for (let i = 0; (await connections()) > 0; i++) {
    expect(i).toBeLessThan(200)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
})

it('idle connections are kept as long as their provider stays, and closed when it has left', async () => {
  const answering = async () => {
    let made = 0
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: ${chunk('Hi', 'stop')}\n\ndata: [DONE]\n\n`)
    })
    server.on('connection', () => made++)
    // It says so, and is believed: nobody here would close them soon.
    server.keepAliveTimeout = 600_000
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, open, made: () => made }
  }
  const [one, two] = [await answering(), await answering()]
  const { write, said, ask, records } = await open(() => provider('one', one.url) + provider('two', two.url))
  const both = async () => {
    for (const model of ['one/m', 'two/m']) expect((await ask(model)).status).toBe(200)
    await eventually(() => records.length % 2 === 0, 'both are over')
  }
  await both()
  // Another name for the same address is no reason to close anything.
  write(provider('first', one.url) + provider('one', one.url) + provider('two', two.url))
  await said(/added provider first/)
  await both()
  expect([one.made(), two.made()]).toEqual([1, 1])
  write(provider('one', one.url))
  await said(/removed providers first, two/)
  for (let i = 0; (await two.open()) > 0; i++) {
    expect(i).toBeLessThan(200)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect((await ask('one/m')).status).toBe(200)
})

it('a mistake changes nothing, is told with its line, and is forgotten when it is mended', async () => {
  const { write, said, ask, lines, status, upstream } = await open((url) => provider('house', url))
  const before = (await status()).config.read_at
  write(`${provider('other', upstream.url)}api_keys = "secret-in-the-wrong-shape"\n[server]\nmax_body = "much"\n`)
  await said(/^the configuration is not taken, and the one before holds on: .* it has 2 mistakes$/)
  await said(/sluice\.toml:\d+: providers\[0\]\.api_keys: found a string; write a list/)
  await said(/sluice\.toml:\d+: server\.max_body: found "much"/)
  expect(JSON.stringify(lines)).not.toContain('secret-in')
  expect(await status()).toMatchObject({
    config: { read_at: before, refused: { reason: expect.stringMatching('2 mist') } },
  })
  expect((await ask('house/m')).status).toBe(200)
  write('[[providers]\nname = "broken"')
  await said(/cannot read the TOML at column/)
  expect((await ask('house/m')).status).toBe(200)
  write(provider('other', upstream.url))
  await said(/added provider other; removed provider house$/)
  expect((await status()).config).not.toHaveProperty('refused')
  expect((await ask('other/m')).status).toBe(200)
})

it('client keys are not taken away under an address that others reach', async () => {
  const upstream = await startScripted()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'))
  const file = join(folder, 'sluice.toml')
  const text = (host: string, rest: string) =>
    `[server]\nhost = "${host}"\nport = 0\n${rest}${provider('house', upstream.url)}`
  writeFileSync(file, text('0.0.0.0', '[access]\nkeys = ["client"]\n'))
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  const sluice = await createSluice({
    config: file,
    state: ':memory:',
    env: {},
    log: { ...silentLog, info: say, warn: say, error: say },
  })
  onTestFinished(async () => {
    await sluice.close()
    await upstream.close()
    rmSync(folder, { recursive: true })
  })
  // By itself a good one: but the address only changes with a restart.
  writeFileSync(file, text('127.0.0.1', ''))
  await sluice.reload()
  expect(lines.at(-1)).toMatch(/it has no client keys, and sluice listens on 0\.0\.0\.0 until it is restarted/)
  expect((await chat(sluice.url, 'house/m', undefined, 'another')).status).toBe(401)
  expect((await chat(sluice.url, 'house/m')).status).toBe(200)
})

it('keys can be changed while they are in use: streams keep theirs, new requests show the new ones', async () => {
  const text = (url: string, provided: string, client: string) =>
    `[access]\nkeys = ["${client}"]\noperator_keys = ["client"]\n${provider('turning', url, `api_keys = ["${provided}"]`)}${provider('staying', url, 'api_keys = ["stays"]')}`
  const { write, said, ask, upstream, status, lines } = await open((url) => text(url, 'key-one', 'team-one'))
  const running = ask('turning/m', long, 'team-one')
  expect((await ask('staying/m')).status).toBe(200)
  await eventually(() => upstream.requests.length === 2, 'it is running')
  write(text(upstream.url, 'key-two', 'team-two'))
  await said(/changed provider turning; changed \[access\] keys$/)
  expect((await ask('turning/m', undefined, 'team-one')).status).toBe(401)
  expect((await ask('turning/m', undefined, 'team-two')).status).toBe(200)
  expect(bearers(upstream).at(-1)).toBe('Bearer key-two')
  // What is known of the one that stays is still known; of the other all begins anew.
  expect(await status()).toMatchObject({
    targets: [
      { target: 'staying/m', requests: 1 },
      { target: 'turning/m', requests: 1 },
    ],
    providers: [
      { provider: 'turning', keys: [{ uses: 1 }] },
      { provider: 'staying', keys: [{ uses: 1 }] },
    ],
  })
  expect(whole((await running).text)).toBe(true)
  expect(JSON.stringify(lines)).not.toMatch(/key-one|key-two|team-/)
})

it('a provider that is taken out while it streams streams to its end', async () => {
  const { write, said, ask, upstream } = await open(
    (url) => provider('a', url) + provider('b', url) + provider('c', url),
  )
  const running = ask('a/m', long)
  await eventually(() => upstream.requests.length === 1, 'it is running')
  write(provider('b', upstream.url) + provider('c', upstream.url))
  await said(/removed provider a$/)
  expect((await ask('a/m')).status).toBe(404)
  expect(whole((await running).text)).toBe(true)
})

it('a request that waits while the configuration changes goes by the new one', async () => {
  const { write, said, ask, upstream, status } = await open((url) => `[limits]\nstreams = 1\n${provider('p', url)}`)
  const other = await startScripted()
  onTestFinished(() => other.close())
  const running = ask('p/m', long)
  await eventually(() => upstream.requests.length === 1, 'one is running')
  const waiting = ask('p/m')
  write(`[limits]\nstreams = 2\n${provider('p', other.url)}`)
  await said(/changed provider p; changed \[limits\] streams/)
  expect((await waiting).status).toBe(200)
  expect([upstream.requests.length, other.requests.length]).toEqual([1, 1])
  expect((await status()).limits.streams).toBe(2)
  expect(whole((await running).text)).toBe(true)
})

it('a change to what flags stand above is none', async () => {
  const { write, said, sluice, ask, upstream } = await open(
    (url) => `[server]\nport = 0\n[storage]\npath = ":memory:"\n${provider('house', url)}`,
  )
  const { port } = sluice
  // The flags of the test stand above the first two.
  write(`[server]\nport = 4999\nmax_body = "1MiB"\n[storage]\npath = "/nowhere"\n${provider('house', upstream.url)}`)
  await said(/changed \[server\] max_body$/)
  expect(sluice.port).toBe(port)
  expect((await ask('house/m')).status).toBe(200)
})

it('names an address and a folder that need a restart, where no flag stands above them', async () => {
  const upstream = await startScripted()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'))
  const file = join(folder, 'sluice.toml')
  writeFileSync(file, `[server]\nport = 0\n[storage]\npath = ":memory:"\n${provider('house', upstream.url)}`)
  const lines: string[] = []
  const say = (message: string) => void lines.push(message)
  const sluice = await createSluice({ config: file, env: {}, log: { ...silentLog, info: say, warn: say, error: say } })
  onTestFinished(async () => {
    await sluice.close()
    await upstream.close()
    rmSync(folder, { recursive: true })
  })
  writeFileSync(file, `[server]\nport = 4999\n[storage]\npath = "${folder}"\n${provider('house', upstream.url)}`)
  await sluice.reload()
  expect(lines).toContain('needs a restart to hold: [server] port, [storage] path; until then it is as it was')
  expect(sluice.config.server.port).toBe(0)
  expect(sluice.config.storage.path).toBe(':memory:')
})

it('requests that nobody waits for go by the new configuration as well', async () => {
  const { write, said, upstream, sluice } = await open((url) => provider('old', url) + provider('spare', url))
  write(provider('new', upstream.url) + provider('spare', upstream.url))
  await said(/added provider new/)
  const ask = async (path: string, body?: object) =>
    (await (
      await fetch(sluice.url + path, { ...auth('client'), ...(body && { method: 'POST', body: JSON.stringify(body) }) })
    ).json()) as { id: string; status: string; model: string }
  const begun = await ask('/v1/responses', { model: 'new/m', input: 'Hi', background: true })
  expect(begun.status).toBe('queued')
  let now = begun
  for (let i = 0; now.status !== 'completed'; i++) {
    expect(i).toBeLessThan(200)
    await new Promise((resolve) => setTimeout(resolve, 10))
    now = await ask(`/v1/responses/${begun.id}`)
  }
})
