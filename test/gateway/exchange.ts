import { SluiceError } from '../../src/errors/index.ts'
import type { Chunk, Exchange } from '../../src/gateway/index.ts'

interface Asked {
  method?: string
  path?: string
  query?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
}

/** A request without a server, whose answer is written down. */
export class FakeExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly #body: string | Uint8Array
  status = 0
  sent: Record<string, string> = {}
  text = ''
  readonly answered: Promise<this>
  #answer: () => void = () => {}
  #leave: () => void = () => {}

  constructor({ method = 'GET', path = '/', query = '', headers = {}, body = '' }: Asked = {}) {
    this.method = method
    this.path = path
    this.query = new URLSearchParams(query)
    this.headers = headers
    this.#body = body
    this.answered = new Promise((resolve) => {
      this.#answer = () => resolve(this)
    })
  }

  get json(): unknown {
    return JSON.parse(this.text)
  }

  async body(limit: { bytes: number }): Promise<Uint8Array> {
    const bytes = typeof this.#body === 'string' ? new TextEncoder().encode(this.#body) : this.#body
    if (bytes.length > limit.bytes) throw new SluiceError('body_too_large', 'too large')
    return bytes
  }

  stream(limit: { bytes: number; timeoutMs: number }): AsyncIterable<Uint8Array> | undefined {
    if (this.#body.length === 0) return undefined
    const whole = this.body(limit)
    return (async function* () {
      yield await whole
    })()
  }

  start(status: number, headers: Record<string, string>): void {
    this.status = status
    this.sent = headers
  }

  write(chunk: Chunk): void {
    this.text += textOf(chunk)
  }

  respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    this.start(status, headers)
    this.write(typeof body === 'string' ? body : [body])
    this.#answer()
  }

  end(): void {
    this.#answer()
  }

  destroy(): void {
    this.#answer()
  }

  readonly pending: number = 0

  onTaken(_: () => void): void {}

  onClose(callback: () => void): void {
    this.#leave = callback
  }

  /** The client goes away. */
  leave(): void {
    this.#leave()
  }
}

/** What a piece of a body says. */
export function textOf(chunk: Chunk): string {
  return typeof chunk === 'string' ? chunk : Buffer.concat(chunk).toString('utf8')
}
