/** A piece of a body: text, or bytes in one or more parts. */
export type Chunk = string | readonly Uint8Array[]

/**
 * One HTTP request and its answer, as the gateway sees them: the little that `node:http`, a web-standard server or a
 * test has to offer. Everything else about a server is the binding's own affair.
 */
export interface Exchange {
  readonly method: string
  /** The path without the query, as it was sent. */
  readonly path: string
  readonly query: URLSearchParams
  /** Lower-case names; repeated headers joined with a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /**
   * The whole body.
   * @throws SluiceError `body_too_large`, `body_timeout`, `client_closed`
   */
  body(limit: { bytes: number; timeoutMs: number }): Promise<Uint8Array>
  /**
   * The body as it arrives, read as fast as it is taken; undefined where there is none. In place of `body`, never beside it.
   * Iterating throws the errors of `body`, where `timeoutMs` is the time between two pieces.
   * @throws SluiceError `body_too_large` for a length that is declared
   */
  stream(limit: { bytes: number; timeoutMs: number }): AsyncIterable<Uint8Array> | undefined
  /** Sends the head. Once. */
  start(status: number, headers: Record<string, string>): void
  /**
   * Sends a piece of the body at once, as one write; a list of bytes is one piece too, and is copied once, before this
   * returns: the bytes belong to the caller.
   */
  write(chunk: Chunk): void
  /**
   * How much of what was written the client's connection has not taken yet: bytes, or characters of text. Asked for
   * after each write, so it costs no more than to read a field.
   */
  readonly pending: number
  /** Sends the whole answer, head and body, in one go. */
  respond(status: number, headers: Record<string, string>, body: string | Uint8Array): void
  /** Completes an answer that was started. */
  end(): void
  /** Cuts the connection: for an answer that cannot be completed and must not look complete. */
  destroy(): void
  /** Calls back once, later, when all that is pending now has been taken or the connection is gone. */
  onTaken(callback: () => void): void
  /** Called once when the client goes away before the answer is complete. One listener; at once if it has gone. */
  onClose(callback: () => void): void
}
