import { builtinModules } from 'node:module'
import { importsOf, withoutComments } from './imports.ts'
import { type Finding, matches, type Rule } from './rule.ts'

/** The rooms that run in any JavaScript runtime. */
export const portableRooms = ['errors', 'flow', 'sse', 'framing', 'tokens', 'dialects', 'pipeline']

const anywhere = new RegExp(`^src/(${portableRooms.join('|')})/`)
const globals = /\bprocess\.\w+|(?<![.\w'-])Buffer\b(?!')|\b__dirname\b|\brequire\(/g

/** The upper rooms run in browsers and in other runtimes than Node: nothing of Node's own stands in them. */
export const runtimes: Rule = {
  name: 'runtimes',
  remedy:
    'Use what every runtime has (Uint8Array, TextDecoder, btoa, performance), or move the code into a lower room.',
  check(tree) {
    const findings: Finding[] = []
    for (const [file, text] of tree) {
      if (!anywhere.test(file) || !file.endsWith('.ts')) continue
      for (const { specifier, line } of importsOf(text)) {
        if (isBuiltIn(specifier)) findings.push({ file, line, found: `imports ${specifier}` })
      }
      findings.push(...matches(file, withoutComments(text), globals, (name) => `uses ${name}`))
    }
    return findings
  },
}

/** A module that only Node has. */
export function isBuiltIn(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}
