/** Who may call: client keys where there are some, and otherwise whoever sits at this machine, but no web page. */
export { type Caller, ClientKeys, type ShownKey, shownKeys } from './keys.ts'
export { allowsOrigin, isLoopbackHost, loopbackCheck } from './loopback.ts'
