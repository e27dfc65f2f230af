import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { createParser } from 'eventsource-parser'
import { type DialectName, paths } from '../streams.ts'
import { providerOf } from '../targets.ts'
import { Expected, faults, type Plan, planName } from './plan.ts'

/** A client's dialect and the one of the provider that it asks for. */
export interface Pair {
  client: DialectName
  provider: DialectName
}

export const pairs: readonly Pair[] = [
  { client: 'openai-chat', provider: 'openai-chat' },
  { client: 'anthropic-messages', provider: 'anthropic-messages' },
  { client: 'anthropic-messages', provider: 'openai-chat' },
  { client: 'openai-chat', provider: 'anthropic-messages' },
]

export interface Ask {
  port: number
  pair: Pair
  plan: Plan
  /** There is a second target, to ask instead or as well, or to go on with what the first has begun. Default: there is none. */
  policy?: Policy
  /** On a connection that serves again. */
  keepAlive: boolean
  /** Go away in the middle of the request's body, right behind it, at the head, or after so many pieces of the answer. */
  leave?: 'asking' | 'asked' | 'head' | number
  /** Read so many bytes a second for so long, and then everything. */
  slowly?: { bytesPerSecond: number; forMs: number }
  /** Go away at the next read from which on this is true. */
  leaveWhen?: () => boolean
  /** The gateway may give up on the stream, if it says so. */
  mayFail?: boolean
}

/** How a stream may end: as it should, as honestly as it can, or by the client's own wish. */
export type End = 'whole' | 'failed' | 'left'

export type Policy = 'fallback' | 'continue' | 'hedged'

/** What a client may see of a fault: nothing, or an error before the answer or in the midst of it. */
function seenOf({ plan, policy }: Ask): 'never' | 'before' | 'midst' {
  const seen = faults[plan.fault]
  if (policy === undefined || seen === 'never') return seen
  return seen === 'before' || policy === 'continue' ? 'never' : 'midst'
}

/** What the client calls its model: an alias where there is another target. */
function nameOf({ pair, plan, policy }: Ask): string {
  const provider = providerOf[pair.provider]
  return policy === undefined ? `${provider}/${planName(plan)}` : `${policy}-${provider}-${planName(plan)}`
}

export const lastingAgent = new Agent({ keepAlive: true })

/** Asks for a stream and reads it to its end. @throws Error when a token or a terminal is wrong */
export async function readStream(ask: Ask): Promise<End> {
  const call = send(ask, true)
  const { leave } = ask
  const response = await answerOf(call, leave)
  if (response === 'left') return 'left'
  if (leave === 'head') return part(call)
  if (response.statusCode !== 200) {
    await readError(ask, response)
    return 'failed'
  }
  const reading = new Reading(ask)
  const decoder = new TextDecoder()
  const slowUntil = performance.now() + (ask.slowly?.forMs ?? 0)
  let pieces = 0
  for await (const bytes of response as AsyncIterable<Buffer>) {
    reading.feed(decoder.decode(bytes, { stream: true }))
    if (typeof leave === 'number' && ++pieces >= leave) return part(call)
    if (ask.leaveWhen?.()) return part(call)
    if (ask.slowly && performance.now() < slowUntil) {
      await new Promise((resolve) => setTimeout(resolve, (bytes.length / ask.slowly!.bytesPerSecond) * 1000))
    }
  }
  if (!response.complete) throw new Error('the body broke off: the answer has no end')
  return reading.end()
}

/** Asks for a whole answer and compares its text. @throws Error */
export async function readWhole(ask: Ask): Promise<void> {
  const response = await answerOf(send(ask, false), undefined)
  const body = response === 'left' ? '' : await text(response)
  if (response === 'left' || response.statusCode !== 200) throw new Error(`no answer but ${body.slice(0, 200)}`)
  const answer = JSON.parse(body)
  const said = ask.pair.client === 'openai-chat' ? answer.choices[0].message.content : answer.content[0].text
  const expected = new Expected(ask.plan)
  if (!expected.take(said) || !expected.complete) throw new Error('the whole answer has another text')
}

function send(ask: Ask, stream: boolean): ClientRequest {
  const { port, pair, keepAlive, leave } = ask
  const content = 'Say a great many words. '.repeat(40)
  const body = JSON.stringify({
    model: nameOf(ask),
    stream,
    max_tokens: 100_000,
    messages: [{ role: 'user', content }],
  })
  const call = request({
    port,
    host: '127.0.0.1',
    path: paths[pair.client],
    method: 'POST',
    agent: keepAlive ? lastingAgent : new Agent(),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'anthropic-version': '2023-06-01',
    },
  })
  if (leave === 'asking') call.write(body.slice(0, 100))
  else call.end(body)
  return call
}

/** The head of the answer, or that the client has left before it. */
function answerOf(call: ClientRequest, leave: Ask['leave']): Promise<IncomingMessage | 'left'> {
  return new Promise((resolve, reject) => {
    if (leave === 'asking' || leave === 'asked') {
      setTimeout(() => resolve(part(call)), leave === 'asking' ? 3 : Math.random() * 20)
      call.on('error', () => resolve('left'))
      return
    }
    call.on('error', reject)
    call.on('response', resolve)
  })
}

function part(call: ClientRequest): 'left' {
  call.on('error', () => {})
  call.destroy()
  return 'left'
}

async function text(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const bytes of response as AsyncIterable<Buffer>) pieces.push(bytes)
  return Buffer.concat(pieces).toString()
}

/** An error in place of a stream must be one, in the client's own form. */
async function readError(ask: Ask, response: IncomingMessage): Promise<void> {
  const { pair } = ask
  const body = await text(response)
  const said = `status ${response.statusCode}: ${body.slice(0, 300)}`
  if (seenOf(ask) !== 'before') throw new Error(`a stream that should have come was refused, ${said}`)
  const { error, type } = JSON.parse(body)
  if (typeof error?.message !== 'string') throw new Error(`an error without a message, ${said}`)
  if (pair.client === 'anthropic-messages' && type !== 'error') throw new Error(`an error of the wrong form, ${said}`)
}

/** What one client has seen of a stream. */
class Reading {
  readonly #ask: Ask
  readonly #expected: Expected
  #finishes = 0
  #errors = 0
  #told = ''
  #marks = 0
  #fault: string | undefined
  readonly #parser = createParser({ onEvent: ({ data }) => this.#see(data) })

  constructor(ask: Ask) {
    this.#ask = ask
    const { plan } = ask
    // With another target all of it may come even so: where what was said before the fault is lost, or late.
    const partly = seenOf(ask) === 'midst' && ask.policy === undefined
    this.#expected = new Expected(partly ? { ...plan, tokens: plan.after } : plan)
  }

  feed(text: string): void {
    this.#parser.feed(text)
    if (this.#fault) throw new Error(this.#fault)
  }

  end(): End {
    const { plan, pair, policy, mayFail } = this.#ask
    const seen = seenOf(this.#ask)
    const counts = `${this.#finishes} finishes, ${this.#errors} errors, ${this.#marks} end marks`
    if (this.#finishes + this.#errors !== 1) throw new Error(`not exactly one terminal: ${counts}`)
    const marks = pair.client === 'openai-chat' || this.#errors === 0 ? 1 : 0
    if (this.#marks !== marks) throw new Error(`not the right end: ${counts}`)
    const { complete, taken } = this.#expected
    if (policy !== undefined && seen === 'midst' && this.#finishes > 0) {
      if (!complete) throw new Error(`a broken stream looks finished after ${taken} characters`)
      return 'whole'
    }
    if (policy !== undefined && seen === 'midst') return 'failed'
    if (seen === 'never') {
      if (this.#errors > 0 && mayFail) return 'failed'
      if (this.#errors > 0) throw new Error(`an error in a stream that was good: ${this.#told}`)
      if (!complete) throw new Error(`tokens were lost: the text ends after ${taken} characters`)
      return 'whole'
    }
    if (this.#finishes > 0) throw new Error('a broken stream looks finished')
    // A reset may overtake what was sent before it; all else has arrived and must be passed on.
    if (faults[plan.fault] === 'midst' && plan.fault !== 'cut' && !complete) {
      throw new Error(`tokens before the fault were lost: the text ends after ${taken} characters`)
    }
    return 'failed'
  }

  #see(data: string): void {
    if (this.#marks > 0) this.#fault ??= 'an event stands behind the end'
    if (data === '[DONE]') {
      this.#marks++
      return
    }
    // What nobody but the client reads goes on as it is.
    if (this.#ask.plan.fault === 'garbage' && data === '{"half": ') return
    const event = JSON.parse(data)
    if (event.type === 'message_stop') this.#marks++
    if (event.error) {
      this.#errors++
      this.#told = event.error.message
    }
    if (event.choices?.[0]?.finish_reason || event.delta?.stop_reason) this.#finishes++
    const word: unknown = event.choices ? event.choices[0]?.delta?.content : event.delta?.text
    if (typeof word !== 'string' || word === '') return
    if (this.#finishes + this.#errors > 0) this.#fault ??= 'text stands behind the finish'
    if (!this.#expected.take(word)) this.#fault ??= `another text after ${this.#expected.taken} characters: "${word}"`
  }
}
