import { type Finding, matches, type Rule } from './rule.ts'

const ours = /^(src|test|scripts|bench|examples)\/.*\.ts$/
const marks =
  /\b(?:TODO|FIXME|XXX)\b|@ts-(?:ignore|expect-error|nocheck)|\b(?:biome|oxlint)-ignore|\bas any\b|\b(?:it|test|describe)\.(?:skip|only)\(/g

// The files that must show the marks.
const samples = ['scripts/house/leftovers.ts', 'test/house/rules.test.ts']

/** What is unfinished or switched off is finished, switched on or deleted; it is not left for later. */
export const leftovers: Rule = {
  name: 'leftovers',
  remedy: 'Finish it or delete it. In test/types a wanted compile error may be marked with @ts-expect-error.',
  check(tree) {
    const findings: Finding[] = []
    for (const [file, text] of tree) {
      if (!ours.test(file) || samples.includes(file)) continue
      const found = matches(file, text, marks, (mark) => `left over: ${mark}`)
      findings.push(
        ...found.filter((one) => !(file.startsWith('test/types/') && one.found.endsWith('@ts-expect-error'))),
      )
    }
    return findings
  },
}
