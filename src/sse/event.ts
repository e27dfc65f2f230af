/** One event as it was read. */
export interface SseEvent {
  /** The `event` field; `message` when there was none. */
  event: string
  data: string
  /** The last `id` seen, which stays until another comes. */
  id: string
  /** Where the event ends, behind its blank line, in bytes of the chunk that completed it. Needs a one-byte decoder. */
  end: number
}

/** One event to be written. */
export interface SseMessage {
  event?: string
  data: string
  id?: string
  /**
   * `data` has been put together here from what `JSON.stringify` gave, which holds no line end, so it is not looked
   * through again: that would first copy the pieces it is made of, a seventh of the cost of a translated token. Never for
   * a text that came from elsewhere.
   */
  json?: true
}
