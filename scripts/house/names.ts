import type { Finding, Rule } from './rule.ts'

const ours = /^(src|test|scripts|bench|examples)\/.*\.ts$/
const forbidden = /^(utils?|helpers?|common|managers?|services?)$/
const shape = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|test-d|d))?\.ts$/

/** A reader guesses the file from its name: kebab-case nouns, and no name that could hold anything. */
export const names: Rule = {
  name: 'names',
  remedy: 'Name the file after the one thing in it, in kebab-case. A leftover function has a room: find it.',
  check(tree) {
    return [...tree.keys()]
      .filter((path) => ours.test(path))
      .flatMap((file): Finding[] => {
        const parts = file.replace(/(\.(test|test-d|d))?\.ts$/, '').split('/')
        const vague = parts.flatMap((part) => part.split('-')).find((word) => forbidden.test(word))
        if (vague) return [{ file, found: `"${vague}" says nothing about what is inside` }]
        return shape.test(file.slice(file.lastIndexOf('/') + 1)) ? [] : [{ file, found: 'is not in kebab-case' }]
      })
  },
}
