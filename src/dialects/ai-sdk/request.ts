/** Requests of this dialect, for an upstream. No client writes them. */
export { encodeRequest } from './encode-request.ts'
