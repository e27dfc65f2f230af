import type { Rule } from './rule.ts'

const parts = ['index', 'store', 'collection']

/** Every folder under src/storage/ has the same parts, so that who knows one store knows where to look in another. */
export const storageParts: Rule = {
  name: 'storage-parts',
  remedy: 'Add the missing file, by analogy with src/storage/memory/.',
  check(tree) {
    const names = new Set([...tree.keys()].flatMap((path) => /^src\/storage\/([^/]+)\//.exec(path)?.[1] ?? []))
    return [...names]
      .flatMap((name) => parts.map((part) => `src/storage/${name}/${part}.ts`))
      .filter((file) => !tree.has(file))
      .map((file) => ({ file, found: 'is missing' }))
  },
}
