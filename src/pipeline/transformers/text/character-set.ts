/** Which code units an expression for one character takes. ASCII is asked once, the rest each time. */
export class CharacterSet {
  readonly #ascii = new Uint8Array(128)
  readonly #expression: RegExp

  constructor(expression: RegExp) {
    this.#expression = new RegExp(expression.source, expression.flags.replace(/[gyd]/g, ''))
    for (let unit = 0; unit < 128; unit++) this.#ascii[unit] = this.#test(unit) ? 1 : 0
  }

  has(unit: number): boolean {
    return unit < 128 ? this.#ascii[unit] === 1 : this.#test(unit)
  }

  #test(unit: number): boolean {
    return this.#expression.test(String.fromCharCode(unit))
  }
}
