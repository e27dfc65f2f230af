export interface HeaderRoomOptions {
  /** The longest value that is sent on, in characters, which are bytes in a header. */
  longest: number
  /** For all of them together, names and all. */
  most: number
}

/**
 * How much of somebody else's headers goes on to a client. Clients read some 16 KB of headers, those of this house among
 * them, and throw away the whole answer beyond that: better it comes without an id than not at all.
 */
export class HeaderRoom {
  readonly #longest: number
  #left: number

  constructor({ longest, most }: HeaderRoomOptions) {
    this.#longest = longest
    this.#left = most
  }

  /** Whether there is room for this one; then it is taken. A value that no server may send on has none. */
  takes(name: string, value: string): boolean {
    const size = name.length + value.length + separators
    if (value.length > this.#longest || size > this.#left || !sendable.test(value)) return false
    this.#left -= size
    return true
  }
}

/** What the value of a header may be made of. */
export const sendable = /^[\t\x20-\x7e\x80-\xff]*$/

/** A colon, a blank, and the end of the line. */
const separators = 4
