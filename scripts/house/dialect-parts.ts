import type { Rule } from './rule.ts'

const parts = ['index', 'wire', 'request', 'stream', 'reply', 'error']

/** Every folder under src/dialects/ has the same parts, so that who knows one dialect knows where to look in another. */
export const dialectParts: Rule = {
  name: 'dialect-parts',
  remedy: 'Add the missing file, by analogy with src/dialects/openai-chat/.',
  check(tree) {
    const names = new Set([...tree.keys()].flatMap((path) => /^src\/dialects\/([^/]+)\//.exec(path)?.[1] ?? []))
    return [...names]
      .flatMap((name) => parts.map((part) => `src/dialects/${name}/${part}.ts`))
      .filter((file) => !tree.has(file))
      .map((file) => ({ file, found: 'is missing' }))
  },
}
