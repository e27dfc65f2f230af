import type { IncomingHttpHeaders } from 'node:http'

/** One request as it came, and how its answer ended. The fields after `at` change while it is being answered. */
export interface ScriptedRequest {
  /** From 0, in the order of arrival. */
  readonly index: number
  readonly method: string
  /** With its query string. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Milliseconds since 1970. */
  readonly at: number
  /** Parsed JSON, else the text. Undefined until it has arrived, or when there was none. */
  body: unknown
  /** The script that plays: its name, `inline`, `default`, or empty where none does. */
  script: string
  /** The model that was asked for an answer; empty in a request for anything else. */
  model: string
  /** The field or the path asked for a stream. */
  stream: boolean
  /** The answer is an error. */
  refused: boolean
  status: number
  /** Bytes of the answer's body. */
  bytesWritten: number
  /** The answer went out to its end, be it a good or a bad one. */
  finished: boolean
  /** The client closed the connection before that. */
  aborted: boolean
  /** The script cut the connection, or the server was closed. */
  cut: boolean
}

interface Waiter {
  index: number
  resolve: (request: ScriptedRequest) => void
  reject: (error: Error) => void
  wants: 'aborted' | 'settled'
}

/** The last requests, and the promises of those who wait for one to end. */
export class RequestLog {
  readonly requests: ScriptedRequest[] = []
  readonly #limit: number
  #next = 0
  #waiters: Waiter[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  add(method: string, path: string, headers: IncomingHttpHeaders): ScriptedRequest {
    const request: ScriptedRequest = {
      index: this.#next++,
      method,
      path,
      headers,
      at: Date.now(),
      body: undefined,
      script: '',
      model: '',
      stream: false,
      refused: false,
      status: 0,
      bytesWritten: 0,
      finished: false,
      aborted: false,
      cut: false,
    }
    if (this.#limit > 0) this.requests.push(request)
    if (this.requests.length > this.#limit) this.requests.shift()
    return request
  }

  settle(request: ScriptedRequest, how: 'finished' | 'aborted' | 'cut'): void {
    request[how] = true
    const waiting = this.#waiters.filter((waiter) => waiter.index === request.index)
    if (waiting.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => waiter.index !== request.index)
    for (const waiter of waiting) answer(waiter, request)
  }

  wait(index: number, wants: Waiter['wants']): Promise<ScriptedRequest> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { index, resolve, reject, wants }
      const known = this.requests.find((request) => request.index === index)
      if (known && (known.finished || known.aborted || known.cut)) answer(waiter, known)
      else this.#waiters.push(waiter)
    })
  }

  /** Nobody is left waiting for a request that can no longer come. */
  close(): void {
    for (const waiter of this.#waiters) {
      waiter.reject(new Error(`cannot wait for request ${waiter.index}: the scripted provider was closed`))
    }
    this.#waiters = []
  }
}

function answer(waiter: Waiter, request: ScriptedRequest): void {
  if (waiter.wants === 'settled' || request.aborted) {
    waiter.resolve(request)
    return
  }
  const how = request.cut ? 'the script cut it' : 'it was answered to the end'
  waiter.reject(new Error(`cannot see request ${request.index} aborted: ${how}`))
}
