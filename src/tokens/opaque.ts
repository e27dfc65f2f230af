/**
 * State that a vendor hands out and wants back unchanged: a signature over reasoning, a redacted block, encrypted
 * reasoning. sluice never reads the value. It goes back only to the vendor and model family that made it.
 */
export interface Opaque {
  /** Who made it, as the provider's data says, e.g. `anthropic`. Absent: unknown, it came bare from a client. */
  vendor?: string
  /** The model family that can read it, e.g. `claude`. */
  family?: string
  /**
   * - `signature`: vouches for the text of the block it is attached to.
   * - `redacted`: stands instead of a text that is not shown.
   * - `encrypted`: the reasoning itself, sealed.
   */
  kind: 'signature' | 'redacted' | 'encrypted'
  value: string
}
