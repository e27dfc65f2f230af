/** Where time comes from. Tests hand in their own; nothing in the house asks the global clock behind its back. */
export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary zero. */
  now(): number
  /** Calls back once after `ms`. The returned function cancels it; cancelling twice is harmless. */
  after(ms: number, callback: () => void): () => void
}

// A timer of more than 32 bits would go off at once.
const longest = 2 ** 31 - 1

/** The real clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, longest)) as unknown as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer as unknown as number)
  },
}
