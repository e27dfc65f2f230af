/** The body of one HTTP/1.1 answer in chunked encoding, out of the bytes of its connection. */
export class ChunkedBody {
  #head: string | undefined = ''
  /** Bytes of the chunk at hand that are still to come; below 0 while its frame is read. */
  #left = -1
  #frame = ''
  #behind = false
  over = false

  /** @throws Error when the answer is no chunked 200 */
  push(bytes: Buffer, give: (piece: Buffer) => void): void {
    let at = 0
    if (this.#head !== undefined) {
      at = this.#readHead(bytes)
      if (this.#head !== undefined) return
    }
    while (at < bytes.length && !this.over) {
      if (this.#left > 0) {
        const end = Math.min(bytes.length, at + this.#left)
        give(bytes.subarray(at, end))
        this.#left -= end - at
        at = end
        if (this.#left === 0) this.#behind = true
        continue
      }
      const lineEnd = bytes.indexOf(0x0a, at)
      this.#frame += bytes.toString('latin1', at, lineEnd === -1 ? bytes.length : lineEnd)
      if (lineEnd === -1) return
      at = lineEnd + 1
      this.#readFrame()
    }
  }

  #readFrame(): void {
    const line = this.#frame.trim()
    this.#frame = ''
    if (this.#behind && line === '') {
      this.#behind = false
      return
    }
    const size = Number.parseInt(line, 16)
    if (!/^[0-9a-f]+$/i.test(line) || this.#behind) throw new Error(`an HTTP chunk begins with "${line}"`)
    this.#left = size
    if (size === 0) this.over = true
  }

  /** Where the body begins in `bytes`, once `#head` is undefined. */
  #readHead(bytes: Buffer): number {
    const before = this.#head!.length
    const head = this.#head + bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) {
      this.#head = head
      return 0
    }
    const text = head.slice(0, end)
    if (!text.startsWith('HTTP/1.1 200 ') || !/^transfer-encoding: chunked$/im.test(text)) {
      throw new Error(`the answer is no chunked 200: ${head.slice(0, 600)}`)
    }
    this.#head = undefined
    return end + 4 - before
  }
}
