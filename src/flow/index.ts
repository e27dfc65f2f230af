/**
 * The shape that everything between bytes and bytes has, and the few ways to put such shapes together. It knows
 * nothing of SSE, tokens or HTTP. Below it stands only `errors`.
 */
export { type Clock, systemClock } from './clock.ts'
export { collect } from './collect.ts'
export { HeldBytes } from './held-bytes.ts'
export { join } from './join.ts'
export { Pieces } from './pieces.ts'
export { type Place, Roster } from './roster.ts'
export type { Emit, Stage } from './stage.ts'
export { Watchdog } from './watchdog.ts'
