/** The three ways a stream of this dialect is met: read, written, and read along with. */
export { ChatStreamDecoder } from './decode-stream.ts'
export { ChatStreamEncoder } from './encode-stream.ts'
export { ChatStreamObserver } from './observe-stream.ts'
