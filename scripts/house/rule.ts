/** Files by their path from the repository's root, with `/` between folders. */
export type Tree = ReadonlyMap<string, string>

/** One break of a rule. */
export interface Finding {
  file: string
  /** From 1. */
  line?: number
  /** What is wrong there. */
  found: string
}

/** A house rule: a small program over the files of the repository. */
export interface Rule {
  /** The word in the list that `npm run ok` prints, and for its `--only` and `--without`. */
  name: string
  /** What to do about a finding. */
  remedy: string
  check(tree: Tree): Finding[]
}

export function say({ file, line, found }: Finding): string {
  return `${file}${line === undefined ? '' : `:${line}`}  ${found}`
}

/** The line, from 1, on which the character at `index` stands. */
export function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++
  return line
}

/** Every match of a pattern in a text, as findings. The pattern needs the flag `g`. */
export function matches(file: string, text: string, pattern: RegExp, found: (match: string) => string): Finding[] {
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    line: lineAt(text, match.index),
    found: found(match[0].trim()),
  }))
}
