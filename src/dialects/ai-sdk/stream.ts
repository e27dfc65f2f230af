/** The way through a stream of this dialect: out of the wire. No client speaks it, so there is none back. */
export { PartDecoder } from './decode-stream.ts'
