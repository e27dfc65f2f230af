import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DialectName } from '../../src/dialects/index.ts'
import type { Recording } from './recording.ts'

/** A server on loopback that answers `/<any letters><number>/…` with the recording of that number. */
export class Playback {
  readonly #recordings: readonly Recording[]
  #seed = 1
  readonly #server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => {
      body += part
    })
    request.on('end', () => {
      this.#answer(request.url ?? '', body, response).catch(() => response.destroy())
    })
  })

  constructor(recordings: readonly Recording[]) {
    this.#recordings = recordings
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  async #answer(path: string, body: string, response: ServerResponse): Promise<void> {
    const [, number, rest = ''] = /^\/[a-z]+(\d+)(\/.*)$/.exec(path) ?? []
    const recording = this.#recordings[Number(number)]
    if (!recording) {
      response.writeHead(404).end()
      return
    }
    if (!isStreamed(recording.dialect, rest, body)) {
      response.writeHead(200, { 'content-type': 'application/json' }).end(recording.whole)
      return
    }
    response.writeHead(200, { 'content-type': contentTypes[recording.dialect] ?? 'text/event-stream' })
    await this.#tear(recording.stream ?? new Uint8Array(), response)
  }

  /** In pieces whose borders are anywhere, each a read of its own if the network lets it. */
  async #tear(bytes: Uint8Array, response: ServerResponse): Promise<void> {
    const pieces = Math.min(bytes.length, 24)
    const borders = Array.from({ length: pieces - 1 }, () => 1 + this.#draw(bytes.length - 1)).sort((a, b) => a - b)
    let from = 0
    for (const to of [...borders, bytes.length]) {
      if (to > from) response.write(bytes.subarray(from, to))
      from = to
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  }

  #draw(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) >>> 0
    return (this.#seed >>> 8) % Math.max(1, below)
  }
}

const contentTypes: Partial<Record<DialectName, string>> = {
  ollama: 'application/x-ndjson',
  'bedrock-converse': 'application/vnd.amazon.eventstream',
}

function isStreamed(dialect: DialectName, path: string, body: string): boolean {
  if (dialect === 'gemini') return path.includes(':streamGenerateContent')
  if (dialect === 'bedrock-converse') return path.endsWith('/converse-stream')
  return (JSON.parse(body) as { stream?: boolean }).stream ?? dialect === 'ollama'
}
