/** Streams of this dialect: a JSON object a line. */
export { OllamaDecoder } from './decode-stream.ts'
export { OllamaEncoder } from './encode-stream.ts'
export { OllamaObserver } from './observe-stream.ts'
