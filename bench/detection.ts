import { request as httpRequest } from 'node:http'
import { createParser } from 'eventsource-parser'
import { StreamingCapabilityCache } from '../src/capabilities/index.ts'
import { newProgress } from '../src/gateway/delivery/relay.ts'
import { Gateway } from '../src/gateway/index.ts'
import { Lessons } from '../src/gateway/lessons.ts'
import { chooseWay, followLeader, policyOf } from '../src/gateway/way.ts'
import { createLog } from '../src/observe/index.ts'
import { defineProvider, targetOf } from '../src/providers/index.ts'
import type { Transport, UpstreamHandler } from '../src/transport/index.ts'
import { planName } from './plan.ts'
import { ask, cpuSeconds, script, start } from './process.ts'
import { Client, config, Rig, ways as requestWays } from './request.ts'
import { interleave, median, timed } from './rounds.ts'
import { cut, type DialectName, fingerprint, paths, streamOf, wire, words } from './streams.ts'
import { digits, ratio, table } from './table.ts'
import { program, sluice, startTarget, type Target } from './targets.ts'

/** What a stream that is made here costs beside one of the provider's, and what it costs to know which it will be. */
export async function detection(rounds: number): Promise<string> {
  return [
    '## detection: streams of models that cannot stream',
    '',
    ...(await sideBySide(rounds)),
    '',
    ...(await lookup(rounds)),
    '',
    ...(await throughput(rounds)),
  ].join('\n')
}

const chat = 'openai-chat'
const messages = 'anthropic-messages'

/** An answer of 400 tokens, 4 every 10 ms. */
const plan = { tokens: 400, burst: 4, everyMs: 10 }
const atOnce = 100

interface Way {
  client: DialectName
  provider: 'streams' | 'refuses'
  label: string
}

const ways: Record<string, Way> = {
  'native, as it comes': { client: chat, provider: 'streams', label: 'passthrough' },
  'native, translated': { client: messages, provider: 'streams', label: 'native' },
  simulated: { client: chat, provider: 'refuses', label: 'simulated' },
  'simulated, translated': { client: messages, provider: 'refuses', label: 'simulated' },
}

interface Figures {
  firstMs: number
  totalMs: number
  cpuMs: number
  bytes: number
}

async function sideBySide(rounds: number): Promise<string[]> {
  const server = start(script('detection-server.ts'), { place: 'load', ipc: true })
  const { port } = await ask<{ port: number }>(server, {})
  const providers = ['streams', 'refuses'].map(
    (name) => `
[[providers]]
name = "${name}"
dialect = "openai-chat"
base_url = "http://127.0.0.1:${port}/${name}/v1"
`,
  )
  const target = await startTarget(await sluice(port, providers.join('')))
  // What the first one finds out is known from then on.
  for (const way of Object.values(ways)) await answer(target.port, way)
  for (const way of Object.values(ways)) await crowd(target, way)
  const results = await interleave(
    rounds,
    Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, () => crowd(target, way)])),
  )
  await Promise.all([server.stop(), target.child.stop()])

  const mid = (name: string, key: keyof Figures): number => median(results[name]!.map((one) => one[key]))
  const base = Object.keys(ways)[0]!
  const rows = Object.keys(ways).map((name) => [
    name,
    ...(['firstMs', 'totalMs', 'cpuMs', 'bytes'] as const).map((key) => ratio(mid(name, key), mid(base, key))),
    ratio(mid(name, 'firstMs'), mid(name, 'totalMs')),
  ])
  return [
    `A server that takes ${(plan.tokens / plan.burst) * plan.everyMs} ms for ${plan.tokens} tokens, as a stream or whole;`,
    `${atOnce} answers at once over loopback; sluice runs ${program.said}.`,
    "Ratios to the first line; the last column: how much of the answer's time is over when its first token comes.",
    'Checked in every answer: the hash of its text, its one end, and what it is called.',
    '',
    table(['', 'first token', 'total', 'CPU', 'bytes', 'first / total'], rows),
    '',
    `In this run, ${base}: first token ${digits(mid(base, 'firstMs'))} ms, total ${digits(mid(base, 'totalMs'))} ms;`,
    `${digits(mid(base, 'cpuMs'))} ms of processor time and ${digits(mid(base, 'bytes') / 1000)} KB an answer.`,
  ]
}

async function crowd(target: Target, way: Way): Promise<Figures> {
  const { pid } = target.child
  const before = cpuSeconds(pid) ?? Number.NaN
  const all = await Promise.all(Array.from({ length: atOnce }, () => answer(target.port, way)))
  const cpu = (cpuSeconds(pid) ?? Number.NaN) - before
  return {
    firstMs: median(all.map(({ firstMs }) => firstMs)),
    totalMs: median(all.map(({ totalMs }) => totalMs)),
    cpuMs: (cpu * 1000) / atOnce,
    bytes: all[0]!.bytes,
  }
}

const expected = fingerprint(words(plan.tokens, 'ascii').join(''))

/** One answer, read as a client reads it. */
function answer(port: number, { client, provider, label }: Way): Promise<Omit<Figures, 'cpuMs'>> {
  const model = `${provider}/${planName(plan)}`
  const prompt = [{ role: 'user', content: 'Say a great many words. '.repeat(80) }]
  const body = JSON.stringify({ model, stream: true, max_tokens: 1000, messages: prompt })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const from = performance.now()
  return new Promise((resolve, reject) => {
    const call = httpRequest({ port, host: '127.0.0.1', path: paths[client], method: 'POST', agent: false, headers })
    call.on('error', reject)
    call.on('response', (response) => {
      let text = ''
      let ends = 0
      let bytes = 0
      let firstMs = 0
      const decoder = new TextDecoder()
      const parser = createParser({
        onEvent({ data }) {
          const event = data === '[DONE]' ? undefined : JSON.parse(data)
          if (!event || event.type === 'message_stop') ends++
          const delta: unknown = client === chat ? event?.choices[0]?.delta.content : event?.delta?.text
          if (typeof delta !== 'string' || delta === '') return
          firstMs ||= performance.now() - from
          text += delta
        },
      })
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
        parser.feed(decoder.decode(piece, { stream: true }))
      })
      response.on('error', reject)
      response.on('end', () => {
        const said = response.headers['x-sluice-stream']
        if (fingerprint(text) === expected && ends === 1 && said === label) {
          resolve({ firstMs, totalMs: performance.now() - from, bytes })
        } else {
          reject(new Error(`cannot compare: ${response.statusCode} ${said}, ${ends} ends, ${text.length} characters`))
        }
      })
    })
    call.end(body)
  })
}

/** All that a request for a stream has to do with what is known of its model, beside the whole of that request. */
async function lookup(rounds: number): Promise<string[]> {
  const { streaming } = config({})
  const provider = defineProvider({ name: 'house', dialect: chat, base_url: 'http://127.0.0.1:9/v1', api_keys: ['k'] })
  const target = targetOf(provider, 'model')
  const cache = new StreamingCapabilityCache()
  const others = await cache.of(provider)
  for (let i = 0; i < 100; i++) others.learn(`model-${i}`, 'stream', i % 2 === 0, 'said so')
  const wish = { stream: true, tools: false, nativeOnly: false, streamRefused: false }
  const progress = { ...newProgress(), deltas: 1 }
  const once = (): boolean => {
    const known = cache.of(provider)
    if (known instanceof Promise) throw new Error('the lessons have gone')
    const lessons = new Lessons(known)
    if (followLeader(known, provider, true)) throw new Error('somebody waits')
    const way = chooseWay(known, provider, target, wish, policyOf(streaming, provider, target.model))
    const planned = { target, asksStream: way.stream, upstream: { name: chat } } as Parameters<Lessons['streams']>[0]
    lessons.streams(planned, false)
    lessons.arrived(planned, progress, 10, 10)
    return way.stream
  }
  if (!once() || others.known('model', 'stream') !== true) throw new Error('cannot measure: the model is not known')
  const asked = JSON.stringify({ model: 'house/model', messages: [{ role: 'user', content: 'Hello. '.repeat(280) }] })
  const { known, parsing } = await timed(rounds, { known: once, parsing: () => JSON.parse(asked) })

  const rig = new Rig(requestWays['stream of one token, untouched']!)
  await rig.check()
  for (let i = 0; i < 3; i++) await rig.timed()
  const costs: number[] = []
  for (let round = 0; round < rounds; round++) costs.push(await rig.timed())
  const request = median(costs) * 1000
  return [
    'What is known of a model, looked up and confirmed once a request, among 100 other models:',
    '',
    table(
      ['', 'against one JSON.parse of its 2 KB', 'share of a request whose stream is one token'],
      [['lookup', ratio(known, parsing), `${digits((known! / request) * 100)} %`]],
    ),
    '',
    `In this run: ${digits(known)} ns of ${digits(request / 1000)} us, between a server and a transport that cost nothing.`,
  ]
}

const scripts = {
  ascii: words(10_000, 'ascii').join(''),
  CJK: Array.from({ length: 20_000 }, (_, i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join(''),
} as const

/** Words a second of processor time, from the whole answer to the client's bytes, in memory. */
async function throughput(rounds: number): Promise<string[]> {
  const work: Record<string, () => Promise<Made>> = {}
  for (const [name, text] of Object.entries(scripts)) {
    for (const client of [chat, messages] as const) {
      const making = new Making(client, text)
      for (let i = 0; i < 20; i++) await making.timed()
      work[`${name}, ${client}`] = () => making.timed()
    }
  }
  const native = new Making(messages, undefined)
  for (let i = 0; i < 20; i++) await native.timed()
  const results = await interleave(rounds * 5, { ...work, native: () => native.timed() })
  const perSecond = (name: string): number => median(results[name]!.map(({ pieces, seconds }) => pieces / seconds))
  const rows = Object.keys(work).map((name) => [
    name,
    ratio(perSecond(name), perSecond('native')),
    digits(perSecond(name) / 1e6),
    digits((perSecond(name) * results[name]![0]!.characters) / results[name]![0]!.pieces / 1e6),
  ])
  return [
    'How fast a whole answer becomes a stream, in pieces a second of processor time, beside a native stream of 10,000',
    'tokens that is translated from openai-chat to anthropic-messages. Checked in every run: the hash of the text.',
    '',
    table(['', 'pieces / tokens of a native stream', 'million pieces/s, this run', 'million characters/s'], rows),
  ]
}

interface Made {
  pieces: number
  characters: number
  seconds: number
}

/** A gateway between a client and a transport that cost nothing, whose one answer comes whole, or as a stream. */
class Making {
  readonly #gateway: Gateway
  readonly #client: DialectName
  readonly #answer: Buffer[]
  readonly #text: string
  #handler: UpstreamHandler | undefined

  constructor(client: DialectName, text: string | undefined) {
    this.#client = client
    const stream = streamOf(chat, 10_000, 'ascii')
    this.#text = text ?? stream.text
    const message = { role: 'assistant', content: text }
    const whole = { id: 'a', object: 'chat.completion', created: 1, model: 'bench' }
    this.#answer =
      text === undefined
        ? cut(wire(stream), 65_536)
        : [Buffer.from(JSON.stringify({ ...whole, choices: [{ index: 0, message, finish_reason: 'stop' }] }))]
    const all = config({})
    const streaming = { ...all.streaming, force: text === undefined ? ('auto' as const) : ('never' as const) }
    const transport: Transport = {
      send: (_, handler) => {
        this.#handler = handler
        return { abort() {}, pause() {}, resume() {} }
      },
      close: async () => {},
    }
    const log = createLog({ level: 'error', format: 'json' }, { write() {} })
    this.#gateway = new Gateway({ config: { ...all, streaming }, transport, log })
  }

  async timed(): Promise<Made> {
    const question = {
      model: `${chat}/bench`,
      stream: true,
      max_tokens: 9,
      messages: [{ role: 'user', content: 'Hi' }],
    }
    const headers = { host: '127.0.0.1:4114', 'content-type': 'application/json' }
    const client = new Client(paths[this.#client], headers, Buffer.from(JSON.stringify(question)))
    this.#gateway.handle(client)
    for (let turn = 0; !this.#handler && turn < 100; turn++) await undefined
    const handler = this.#handler!
    this.#handler = undefined
    const before = process.cpuUsage()
    handler.onHead({ status: 200, headers: {} })
    for (const piece of this.#answer) {
      handler.onData(piece)
      handler.onFlush()
    }
    handler.onEnd()
    while (!client.over) await new Promise((resolve) => setImmediate(resolve))
    const { user, system } = process.cpuUsage(before)
    return { ...this.#read(client), seconds: (user + system) / 1e6 }
  }

  /** @throws Error for a text that is not the right one */
  #read({ bytes }: Client): Omit<Made, 'seconds'> {
    let text = ''
    let pieces = 0
    for (const [, data] of Buffer.concat(bytes)
      .toString()
      .matchAll(/^data: (\{.*)$/gm)) {
      const event = JSON.parse(data!)
      const delta: unknown = this.#client === chat ? event.choices?.[0]?.delta?.content : event.delta?.text
      if (typeof delta !== 'string' || delta === '') continue
      text += delta
      pieces++
    }
    if (fingerprint(text) !== fingerprint(this.#text)) throw new Error(`cannot compare: ${text.length} characters came`)
    return { pieces, characters: text.length }
  }
}
