/**
 * Tool-call ids have to be legal where they go. A legal id stays as it is; an illegal one is mapped to the same new
 * id every time, for the call and for its result, so that turns which know nothing of each other agree.
 */
export function callId(id: string, rule: CallIdRule): string {
  if (id.length > 0 && id.length <= rule.max && rule.allowed.test(id)) return id
  return `call_${hash(id)}`
}

export interface CallIdRule {
  max: number
  /** Anchored at both ends. */
  allowed: RegExp
}

/** 20 base-36 digits of two FNV-1a runs over the text: for telling ids apart, not for secrets. */
export function hash(text: string): string {
  return (fnv(text, 0xcbf29ce484222325n).toString(36) + fnv(text, 0x84222325cbf29ce4n).toString(36)).slice(0, 20)
}

function fnv(text: string, seed: bigint): bigint {
  let value = seed
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n)
  }
  return value
}
