/** The three ways through a stream of this dialect: out of the wire, onto it, and along with it. */
export { ResponsesDecoder } from './decode-stream.ts'
export { ResponsesEncoder } from './encode-stream.ts'
export { ResponsesObserver } from './observe-stream.ts'
