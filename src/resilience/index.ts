/**
 * What is done about failures before anything of an answer has reached the client: how a failure is judged, how long to
 * wait, which targets and keys rest. All of it is synchronous and reads no clock; the gateway tells the time.
 */
export { type BackoffOptions, backoffMs } from './backoff.ts'
export { type BreakerState, CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts'
export { DripGuard, type DripGuardOptions } from './drip-guard.ts'
export { Health } from './health.ts'
export { type Judgement, judge } from './judgement.ts'
export { KeyPool, type KeyState } from './key-pool.ts'
export { Leg, type RotationTarget } from './leg.ts'
export { type Failed, Rotation, type RotationOptions } from './rotation.ts'
export { type Settle, TargetHealth, type TargetState } from './target-health.ts'
