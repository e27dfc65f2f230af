/** Requests of this dialect: from a client, for an upstream, and what becomes of one that goes elsewhere. */
export { adoptRequest } from './adopt-request.ts'
export { decodeRequest } from './decode-request.ts'
export { encodeRequest } from './encode-request.ts'
export { keep } from './kept.ts'
export { leave } from './leave.ts'
