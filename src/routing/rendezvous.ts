/**
 * How well a target suits a session: less is better, and it is the same every time, on every machine. Each session has an
 * order of its own among all targets, so that it moves only when its own target leaves, and back when that comes again
 * (rendezvous hashing, with weights by the logarithm: a target of twice the weight suits twice as many sessions best).
 */
export function suits(session: string, target: string, weight: number): number {
  if (weight <= 0) return Number.POSITIVE_INFINITY
  return -Math.log((hash(`${session}\n${target}`) + 0.5) / 2 ** 32) / weight
}

/** FNV-1a, with the bits mixed at the end: texts that differ in one letter have nothing in common. */
export function hash(text: string): number {
  let bits = 0x811c9dc5
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
