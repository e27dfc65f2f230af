/** A pattern in which `*` stands for any run of characters, cut up once for many names. */
export type Glob = readonly string[]

export function cutGlob(pattern: string): Glob {
  return pattern.split('*')
}

export function fitsGlob(glob: Glob, name: string): boolean {
  const first = glob[0] ?? ''
  if (glob.length === 1) return name === first
  return name.startsWith(first) && match(glob, name, undefined)
}

/** What each `*` stands for, the earlier ones for as little as they can; undefined: the name does not fit. */
export function captureGlob(glob: Glob, name: string): string[] | undefined {
  const first = glob[0] ?? ''
  if (glob.length === 1) return name === first ? [] : undefined
  const captures: string[] = []
  return name.startsWith(first) && match(glob, name, captures) ? captures : undefined
}

function match(glob: Glob, name: string, captures: string[] | undefined): boolean {
  const last = glob[glob.length - 1] ?? ''
  let at = glob[0]?.length ?? 0
  for (let i = 1; i < glob.length - 1; i++) {
    const part = glob[i] ?? ''
    const found = name.indexOf(part, at)
    if (found === -1) return false
    captures?.push(name.slice(at, found))
    at = found + part.length
  }
  if (name.length - last.length < at || !name.endsWith(last)) return false
  captures?.push(name.slice(at, name.length - last.length))
  return true
}
