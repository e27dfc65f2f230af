import type { SluiceError } from '../errors/index.ts'

/** HTTP to an upstream, with callbacks instead of promises and streams: nothing is awaited on the path of a token. */
export interface Transport {
  /**
   * Sends a request and returns at once. Of the handler's calls exactly one of `onEnd` and `onError` comes last, unless
   * the call is aborted: then nothing comes any more.
   */
  send(request: UpstreamRequest | OpenRequest, handler: UpstreamHandler): UpstreamCall
  /** Lets idle connections go and aborts the rest. */
  close(): Promise<void>
}

export interface UpstreamRequest {
  /** What errors call the upstream, since its address is not for everybody's eyes. Default: the host. */
  name?: string
  method: 'GET' | 'POST'
  url: string
  /** Lower-case names. */
  headers: Record<string, string>
  body?: string | Uint8Array
}

/** A request of any method, whose body is read as it is sent: for what passes through without being looked at. */
export interface OpenRequest {
  readonly open: true
  name?: string
  method: string
  url: string
  /** Lower-case names. With a `content-length` the body has that length, else it goes in chunks. */
  headers: Record<string, string>
  /** What its iteration throws is what the call fails with. */
  body?: AsyncIterable<Uint8Array>
}

export interface UpstreamHead {
  status: number
  /** Lower-case names; repeated headers are joined with a comma. */
  headers: Record<string, string>
}

export interface UpstreamHandler {
  onHead(head: UpstreamHead): void
  /**
   * A piece of the body, already decompressed. The bytes are good until `onFlush`, `onEnd` or `onError` returns, whichever
   * comes next: many connections read into one buffer. What is kept for longer is copied.
   */
  onData(chunk: Uint8Array): void
  /**
   * All that came with one read has been given: the moment to write what was made of it. Not called for the read that
   * brings the end.
   */
  onFlush(): void
  onEnd(): void
  onError(error: SluiceError): void
}

export interface UpstreamCall {
  /** Closes the upstream connection now. Harmless after the end. */
  abort(): void
  /** Stops reading from the upstream socket, which makes the upstream wait. */
  pause(): void
  resume(): void
}
