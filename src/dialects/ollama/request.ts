/** Requests of this dialect: read from a client, written for a provider, or passed on as they are. */
export { adoptRequest } from './adopt-request.ts'
export { decodeRequest } from './decode-request.ts'
export { encodeRequest } from './encode-request.ts'
