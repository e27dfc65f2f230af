import { SluiceError } from '../errors/index.ts'
import { type Path, pathKey, showPath } from './path.ts'

/** One mistake in the configuration. */
export interface Problem {
  /** The file, where there is one. */
  file?: string
  /** Counted from 1. */
  line?: number
  /** `providers[0].base_url`, or a flag: `--port`. Empty for the file as a whole. */
  path: string
  /** What was found and what to do. Never a key or any other secret. */
  message: string
}

/** Collects every mistake, so that a person mends them all in one go, and what is none but may not be meant. */
export class Problems {
  readonly #file: string | undefined
  readonly #lineOf: (path: Path) => number | undefined
  readonly #list: Problem[] = []
  readonly #paths = new Set<string>()
  readonly #notes: Problem[] = []

  constructor(file: string | undefined, lineOf: (path: Path) => number | undefined) {
    this.#file = file
    this.#lineOf = lineOf
  }

  get size(): number {
    return this.#list.length
  }

  add(path: Path, message: string): void {
    this.#paths.add(pathKey(path))
    this.#push(this.#lineOf(path), showPath(path), message)
  }

  /** What works, and may do something else than was meant. */
  note(path: Path, message: string): void {
    this.#notes.push(this.#problem(this.#lineOf(path), showPath(path), message))
  }

  get notes(): readonly Problem[] {
    return this.#notes.toSorted(byLine)
  }

  /** A mistake on a line that only the parser knows. */
  addAt(line: number, message: string): void {
    this.#push(line, '', message)
  }

  /** A mistake that stands in no file: in a flag, or in the environment. */
  addOutside(path: string, message: string): void {
    this.#list.push({ path, message })
  }

  /** Whether something was said about this very value, so that nothing more needs to be. */
  has(path: Path): boolean {
    return this.#paths.has(pathKey(path))
  }

  /** Whether something was said about this value or a part of it. */
  hasWithin(path: Path): boolean {
    if (this.has(path)) return true
    const prefix = `${pathKey(path).slice(0, -1)},`
    for (const key of this.#paths) if (key.startsWith(prefix)) return true
    return false
  }

  /** The line of a value, for one message that points to another place. */
  lineOf(path: Path): number | undefined {
    return this.#lineOf(path)
  }

  /** @throws SluiceError `config_invalid` with all of them, if there are any */
  check(): void {
    if (this.#list.length === 0) return
    const problems = this.#list.toSorted(byLine)
    const count = problems.length === 1 ? 'one mistake' : `${problems.length} mistakes`
    const lines = problems.map((problem) => `  ${showProblem(problem)}`)
    throw new SluiceError('config_invalid', `cannot use the configuration: it has ${count}\n${lines.join('\n')}`, {
      details: { problems },
    })
  }

  /** Where a value stands, for a mistake that is found only later: `sluice.toml:12: transformers[0].module`. */
  placeOf(path: Path): string {
    const line = this.#lineOf(path)
    const file = this.#file === undefined ? '' : `${this.#file}${line === undefined ? '' : `:${line}`}: `
    return `${file}${showPath(path)}`
  }

  #push(line: number | undefined, path: string, message: string): void {
    this.#list.push(this.#problem(line, path, message))
  }

  #problem(line: number | undefined, path: string, message: string): Problem {
    return {
      ...(this.#file !== undefined && { file: this.#file }),
      ...(line !== undefined && { line }),
      path,
      message,
    }
  }
}

function byLine(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0)
}

/** `sluice.toml:12: server.port: found …` */
export function showProblem({ file, line, path, message }: Problem): string {
  const place = file === undefined ? '' : `${file}${line === undefined ? '' : `:${line}`}: `
  return `${place}${path === '' ? '' : `${path}: `}${message}`
}
