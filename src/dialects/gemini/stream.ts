/** The three ways through a stream of this dialect: out of the wire, onto it, and along with it. */
export { GeminiDecoder } from './decode-stream.ts'
export { GeminiEncoder } from './encode-stream.ts'
export { GeminiObserver } from './observe-stream.ts'
