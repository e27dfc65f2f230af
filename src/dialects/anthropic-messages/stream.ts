/** The three ways through a stream of this dialect: out of the wire, onto it, and along with it. */
export { MessagesDecoder } from './decode-stream.ts'
export { MessagesEncoder } from './encode-stream.ts'
export { MessagesObserver } from './observe-stream.ts'

/** Clients skip it, and it stands between two events. */
export const heartbeat = 'event: ping\ndata: {"type":"ping"}\n\n'
