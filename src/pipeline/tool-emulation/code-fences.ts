/**
 * Follows the code blocks of Markdown (https://spec.commonmark.org/0.31.2/#fenced-code-blocks) a character at a time. What
 * stands inside of one is shown, not meant.
 */
export class CodeFences {
  #inside = false
  #mark = ''
  #length = 0
  /** Where in its line the text stands: before anything, in the marks at its beginning, behind them. */
  #place: 'start' | 'run' | 'rest' = 'start'
  #runMark = ''
  #run = 0
  /** This line has opened the block. */
  #opening = false
  /** Nothing but white space stands behind the marks. */
  #blank = true

  get inside(): boolean {
    return this.#inside
  }

  /** Until the line ends, nothing but a line break means anything. */
  get quiet(): boolean {
    return this.#place === 'rest' && this.#run === 0
  }

  read(text: string): void {
    for (const char of text) this.#char(char)
  }

  #char(char: string): void {
    if (char === '\n') {
      const closes = this.#runMark === this.#mark && this.#run >= this.#length && this.#blank
      if (this.#inside && !this.#opening && this.#run > 0 && closes) this.#inside = false
      this.#place = 'start'
      this.#runMark = ''
      this.#run = 0
      this.#opening = false
      return
    }
    if (this.#place === 'start') {
      if (char === ' ' || char === '\t') return
      this.#place = char === '`' || char === '~' ? 'run' : 'rest'
      this.#runMark = char
      this.#run = this.#place === 'run' ? 1 : 0
      this.#blank = true
      return
    }
    if (this.#place === 'run' && char === this.#runMark) {
      this.#run++
      if (!this.#inside && this.#run === 3) {
        this.#inside = true
        this.#opening = true
        this.#mark = char
      }
      if (this.#opening) this.#length = this.#run
      return
    }
    this.#place = 'rest'
    if (char !== ' ' && char !== '\t' && char !== '\r') this.#blank = false
    // Marks on both sides of a word in one line are code in a line, not a block.
    if (this.#opening && this.#mark === '`' && char === '`') {
      this.#inside = false
      this.#opening = false
    }
  }
}
