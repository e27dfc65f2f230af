import { type Finding, matches, type Rule } from './rule.ts'

const traces: Array<[RegExp, (match: string) => string]> = [
  [/(?<![\w.:/])\/(?:home|Users|root|work)\/[\w.-]+/g, (path) => `a path of one machine: ${path}`],
  [/\b[A-Z]:\\+Users\\+[\w.-]+/g, (path) => `a path of one machine: ${path}`],
  [/"resolved": "https?:[^"]*/g, (host) => `a registry's address: ${host}`],
  [/^\s*(?:@[\w-]+:)?registry\s*=.*/gm, (line) => `a registry's address: ${line}`],
]

/** Nothing in the repository tells on which machine, or from which registry, it was made. */
export const machineTraces: Rule = {
  name: 'machine-traces',
  remedy:
    'Make the path relative. For package-lock.json: keep omit-lockfile-registry-resolved in .npmrc and run `npm install --package-lock-only`.',
  check(tree) {
    const findings: Finding[] = []
    for (const [file, text] of tree) {
      for (const [pattern, found] of traces) findings.push(...matches(file, text, pattern, found))
    }
    return findings
  },
}
