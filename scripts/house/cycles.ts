import { importsOf, pathOf } from './imports.ts'
import type { Finding, Rule } from './rule.ts'

/** No file under src/ imports itself by way of others: files on a circle can only be read, and loaded, all at once. */
export const cycles: Rule = {
  name: 'cycles',
  remedy: 'Move what both sides need into a file of its own, or import from the file that has it instead of the face.',
  check(tree) {
    const findings: Finding[] = []
    const done = new Set<string>()
    const path: string[] = []
    for (const file of tree.keys()) if (file.startsWith('src/') && file.endsWith('.ts')) visit(file)
    return findings

    function visit(file: string): void {
      const since = path.indexOf(file)
      if (since !== -1) {
        findings.push({ file, found: [...path.slice(since), file].join(' -> ') })
        return
      }
      const text = tree.get(file)
      if (done.has(file) || text === undefined) return
      path.push(file)
      for (const { specifier } of importsOf(text)) {
        const next = pathOf(file, specifier)
        if (next !== undefined) visit(next)
      }
      path.pop()
      done.add(file)
    }
  },
}
