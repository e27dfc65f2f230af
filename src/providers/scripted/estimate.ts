import type { Json } from '../../tokens/index.ts'

/** About four characters a token: good enough for a stand-in, and the same every time. */
export function estimateTokens(characters: number): number {
  return characters === 0 ? 0 : Math.max(1, Math.ceil(characters / 4))
}

/** The characters of all strings in a value, inline files left out: their base64 says nothing about tokens. */
export function countCharacters(value: Json | undefined): number {
  if (typeof value === 'string') return value.startsWith('data:') ? 0 : value.length
  if (Array.isArray(value)) return value.reduce<number>((sum, entry) => sum + countCharacters(entry), 0)
  if (typeof value !== 'object' || value === null) return 0
  let sum = 0
  for (const [key, entry] of Object.entries(value))
    if (key !== 'data' && key !== 'file_data') sum += countCharacters(entry)
  return sum
}
