/** Where time comes from. Tests hand in their own; nothing in the house asks the global clock behind its back. */
export interface Clock {
  /** Milliseconds, monotonic, from an arbitrary zero. */
  now(): number
  /** Calls back once after `ms`. The returned function cancels it; cancelling twice is harmless. */
  after(ms: number, callback: () => void): () => void
}

/** The real clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms) as unknown as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer as unknown as number)
  },
}
