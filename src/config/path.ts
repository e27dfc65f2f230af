/** Where a value stands: `['providers', 0, 'base_url']`. */
export type Path = readonly (string | number)[]

/** `providers[0].base_url`; keys that are no bare keys are quoted. */
export function showPath(path: Path): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += (text === '' ? '' : '.') + (/^[\w-]+$/.test(part) ? part : JSON.stringify(part))
  }
  return text
}

/** A path as a key of a map: two paths give the same text only when they are the same. */
export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

export function valueAt(root: unknown, path: Path): unknown {
  let value = root
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}
