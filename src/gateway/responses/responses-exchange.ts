import { Buffer } from 'node:buffer'
import { SluiceError } from '../../errors/index.ts'
import type { Chunk, Exchange } from '../exchange.ts'
import type { BackgroundResponse } from './background-response.ts'

/** A request that has been taken for later. */
export interface Taken {
  response: BackgroundResponse
  /** Answers the client, who need not be there any more. */
  answer(): void
  /** The client has left. */
  leave(): void
  /** Nobody was told of it. */
  undo(): void
}

export interface ResponsesExchangeOptions {
  client: Exchange
  /**
   * Takes a request for later; undefined where the client wants to wait itself.
   *
   * @throws SluiceError where the request is not well
   */
  take(body: Uint8Array): Promise<Taken | undefined>
  /** What is left to be done before the client is told; it may take its time. */
  save(): Promise<void> | void
}

/**
 * The exchange of a request for a response, which the client may say is to be worked on in the background. From then on
 * the exchange has no client at its other end but a `BackgroundResponse`, and whoever answers into it need not know.
 *
 * Otherwise it is the exchange that it was made of, at the price of one more call for each piece.
 */
export class ResponsesExchange implements Exchange {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly #options: ResponsesExchangeOptions
  readonly #client: Exchange
  #response: BackgroundResponse | undefined
  #taken: Taken | undefined
  /** The client has left, or has been answered, before the request was taken. */
  #past = false
  #onClose: () => void = () => {}

  constructor(options: ResponsesExchangeOptions) {
    this.#options = options
    const { client } = options
    this.#client = client
    this.method = client.method
    this.path = client.path
    this.query = client.query
    this.headers = client.headers
  }

  async body(limit: { bytes: number; timeoutMs: number }): Promise<Uint8Array> {
    const bytes = await this.#client.body(limit)
    // Nearly all requests do not speak of it, and a search for a word is cheaper than to read them twice.
    if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"background"')) return bytes
    const taken = await this.#options.take(bytes)
    if (!taken) return bytes
    if (this.#past) {
      taken.undo()
      throw new SluiceError('client_closed', 'the client had its end before its request was taken')
    }
    this.#taken = taken
    this.#response = taken.response
    await this.#options.save()
    taken.answer()
    return bytes
  }

  stream(limit: { bytes: number; timeoutMs: number }): AsyncIterable<Uint8Array> | undefined {
    return this.#client.stream(limit)
  }

  start(status: number, headers: Record<string, string>): void {
    if (!this.#response) this.#client.start(status, headers)
  }

  write(chunk: Chunk): void {
    if (this.#response) this.#response.push(chunk)
    else this.#client.write(chunk)
  }

  get pending(): number {
    return this.#response ? 0 : this.#client.pending
  }

  respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void {
    if (this.#response) {
      this.#response.answered(status, typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
      return
    }
    this.#past = true
    this.#client.respond(status, headers, body)
  }

  end(): void {
    if (this.#response) this.#response.end()
    else this.#client.end()
  }

  destroy(): void {
    if (this.#response) this.#response.end()
    else this.#client.destroy()
  }

  onTaken(callback: () => void): void {
    if (this.#response) setImmediate(callback)
    else this.#client.onTaken(callback)
  }

  onClose(callback: () => void): void {
    this.#onClose = callback
    this.#client.onClose(() => {
      if (this.#taken) {
        this.#taken.leave()
        return
      }
      this.#past = true
      callback()
    })
  }

  /** To whoever answers it is as if the client had left. */
  abort(): void {
    this.#onClose()
  }
}
