import { SluiceError } from '../../../errors/index.ts'

export interface LiteralSetOptions {
  /**
   * Which of several that overlap is the match. `leftmost`: the one that begins first, and of those the longest, so that
   * `category` wins over `cat`. `earliest`: the one that ends first. Default `leftmost`.
   */
  match?: 'leftmost' | 'earliest'
  /** `A` matches `a`: pairs of letters in which each is one UTF-16 code unit. Default false. */
  ignoreCase?: boolean
}

// What a state means stands in the last column of its row; 0: nothing.
/** A literal ends here, and a longer one may still come. */
const candidate = 1
/** A literal ends here. */
export const final = 2
/** The candidate seen before was the match. */
export const dead = 3

// Four bytes each.
const mostCells = 1 << 24

/**
 * Literals compiled into one automaton (Aho and Corasick, 1975), as a table with a row for each state and a column for
 * each character that any literal uses: a character of text costs two reads, however many literals there are. It does
 * not change once made, so all streams share it.
 *
 * In `leftmost` the automaton never gives up a literal that has been found for one that begins later: where it would,
 * it dies, and the reader begins anew behind the match.
 *
 * @throws SluiceError `config_invalid` for an empty literal, or literals whose table would be over 64 MiB
 */
export class LiteralSet {
  readonly literals: readonly string[]
  /** Column by code unit; units from the end of the list on have column 0, as all that no literal uses. */
  readonly columns: Uint16Array
  /**
   * By the place of a row plus a column: the place of the next row, or its complement when the state there means
   * something, so that reading on needs no second look.
   */
  readonly table: Int32Array
  /** By code unit: what the table says in its first row. Most characters of a text begin nothing. */
  readonly first: Int32Array
  /** Number of columns, that of the meaning included. */
  readonly width: number
  /** By state: how many characters back the earliest literal that may still come begins. */
  readonly depths: Int32Array
  /** By state: the literal that ends there, or -1. */
  readonly ends: Int32Array

  constructor(literals: readonly string[], options: LiteralSetOptions = {}) {
    const { match = 'leftmost', ignoreCase = false } = options
    if (literals.includes('')) {
      throw new SluiceError('config_invalid', 'cannot look for a text: it is empty; leave it out')
    }
    this.literals = literals
    const column = columnsOf(literals, ignoreCase)
    this.columns = new Uint16Array(Math.max(0, ...column.keys()) + 1)
    for (const [unit, number] of column) this.columns[unit] = number
    this.width = Math.max(0, ...column.values()) + 2

    const nodes = trie(literals, (unit) => column.get(unit)!)
    if ((nodes.length + 1) * this.width > mostCells) {
      throw new SluiceError(
        'config_invalid',
        `cannot look for ${literals.length} texts at once: together they are too large; split them`,
      )
    }
    this.table = new Int32Array((nodes.length + 1) * this.width)
    this.depths = Int32Array.from([...nodes.map(({ depth }) => depth), 0])
    this.ends = Int32Array.from([...nodes.map(({ ends }) => ends), -1])
    this.#link(nodes, match === 'leftmost')
    this.first = Int32Array.from(this.columns, (column) => this.table[column]!)
  }

  #link(nodes: readonly Node[], leftmost: boolean): void {
    const { table, width, ends } = this
    const meaning = width - 1
    const deadState = nodes.length
    const fails = new Int32Array(nodes.length)
    table[deadState * width + meaning] = dead
    // `nodes` stands in the order of depth, so the row that a state falls back to is complete before its own.
    nodes.forEach(({ children }, state) => {
      const fail = state === 0 ? -1 : fails[state]!
      const row = state * width
      for (let column = 0; column < meaning; column++) {
        const otherwise = state === 0 ? 0 : fail === deadState ? deadState * width : table[fail * width + column]!
        const child = children.get(column)
        table[row + column] = child === undefined ? otherwise : child * width
        if (child === undefined) continue
        const own = ends[child] !== -1
        fails[child] = leftmost && own ? deadState : state === 0 ? 0 : otherwise / width
        if (!own && fails[child] !== deadState) ends[child] = ends[fails[child]!]!
      }
      if (ends[state] === -1) return
      table[row + meaning] = leftmost && children.size > 0 ? candidate : final
    })
    for (let at = 0; at < table.length; at++) {
      if (at % width !== meaning && table[table[at]! + meaning] !== 0) table[at] = ~table[at]!
    }
  }
}

/** The same character for both cases, where each is one code unit, so that places in the text stay true. */
function fold(unit: string): string {
  const lower = unit.toLowerCase()
  return lower.length === 1 ? lower : unit
}

function columnsOf(literals: readonly string[], ignoreCase: boolean): Map<number, number> {
  const numbers = new Map<string, number>()
  const columns = new Map<number, number>()
  for (const literal of literals) {
    for (let i = 0; i < literal.length; i++) {
      const unit = literal[i]!
      const shape = ignoreCase ? fold(unit) : unit
      const number = numbers.get(shape) ?? numbers.size + 1
      numbers.set(shape, number)
      for (const variant of ignoreCase ? [unit, shape, shape.toUpperCase()] : [unit]) {
        if (variant.length === 1) columns.set(variant.charCodeAt(0), number)
      }
    }
  }
  return columns
}

interface Node {
  children: Map<number, number>
  depth: number
  ends: number
}

/** The literals as a tree, its nodes in the order of their depth. */
function trie(literals: readonly string[], columnOf: (unit: number) => number): Node[] {
  const nodes: Node[] = [{ children: new Map(), depth: 0, ends: -1 }]
  // Layer by layer: `at` is the node that each literal has come to.
  const at = literals.map(() => 0)
  for (let depth = 0, left = true; left; depth++) {
    left = false
    literals.forEach((literal, number) => {
      if (depth >= literal.length) return
      left = true
      const { children } = nodes[at[number]!]!
      const column = columnOf(literal.charCodeAt(depth))
      let child = children.get(column)
      if (child === undefined) {
        child = nodes.push({ children: new Map(), depth: depth + 1, ends: -1 }) - 1
        children.set(column, child)
      }
      at[number] = child
      // Of equal literals the first one counts.
      if (depth + 1 === literal.length && nodes[child]!.ends === -1) nodes[child]!.ends = number
    })
  }
  return nodes
}
