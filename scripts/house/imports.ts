import { posix } from 'node:path'
import { lineAt } from './rule.ts'

export interface Import {
  /** As it is written: `../errors/index.ts`, `node:fs`, `typebox`. */
  specifier: string
  line: number
  /** Nothing is loaded for it when the program runs. */
  typesOnly: boolean
}

// The formatter puts every import and re-export at the start of a line, and what a comment shows never starts one.
const statement = /^(?:import|export)\s(?:[^'"`;=()]*?\sfrom\s)?\s*['"]([^'"]+)['"]/gm
const call = /\bimport\(\s*['"]([^'"]+)['"]/g

/** Everything a module imports or passes on: types, values, and modules loaded later with `import()`. */
export function importsOf(text: string): Import[] {
  const found = [...text.matchAll(statement), ...withoutComments(text).matchAll(call)]
  return found.map((match) => ({
    specifier: match[1]!,
    line: lineAt(text, match.index),
    typesOnly: /^\w+\s+type\s/.test(match[0]),
  }))
}

/** The path from the root that a relative import in `file` leads to; undefined for a package or a built-in. */
export function pathOf(file: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(file), specifier) : undefined
}

/** The text with its comments blanked out, so that every line stays where it was. */
export function withoutComments(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '))
    .replace(/(^|\s)\/\/.*$/gm, (comment) => ' '.repeat(comment.length))
}
