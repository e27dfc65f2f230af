import type { Finding, Rule } from './rule.ts'

/**
 * Every room has one face, `index.ts`, and the face opens by saying what the room is. `cli` stands at the end of the row:
 * nobody imports it, so it has none.
 */
export const faces: Rule = {
  name: 'faces',
  remedy: 'Open the index.ts of the room with a doc comment: what it is, what it is not, its neighbours.',
  check(tree) {
    const rooms = new Set([...tree.keys()].flatMap((path) => /^src\/([^/]+)\//.exec(path)?.[1] ?? []))
    rooms.delete('cli')
    return [...rooms].flatMap((room): Finding[] => {
      const file = `src/${room}/index.ts`
      const text = tree.get(file)
      if (text === undefined) return [{ file, found: 'the room has no face' }]
      const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
      const words = comment.match(/[A-Za-z]+/g)?.length ?? 0
      return words >= 8 ? [] : [{ file, line: 1, found: 'does not open with a paragraph about the room' }]
    })
  },
}
