import type { Json } from '../../tokens/index.ts'

/** About four characters a token: good enough for a stand-in, and the same every time. */
export function estimateTokens(characters: number): number {
  return characters === 0 ? 0 : Math.max(1, Math.ceil(characters / 4))
}

/**
 * The characters of all strings in a value, inline files left out: their base64 says nothing about tokens. It keeps its
 * own list of what is left to look at, since a body may be nested deeper than calls can be.
 */
export function countCharacters(value: Json | undefined): number {
  const left = [value]
  let sum = 0
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next === 'string') sum += next.startsWith('data:') ? 0 : next.length
    else if (Array.isArray(next)) for (const entry of next) left.push(entry)
    else if (typeof next === 'object' && next !== null) {
      for (const [key, entry] of Object.entries(next)) if (key !== 'data' && key !== 'file_data') left.push(entry)
    }
  }
  return sum
}
