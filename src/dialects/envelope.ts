import type { Opaque } from '../tokens/index.ts'

/**
 * Opaque state travels through a client that speaks another dialect inside the client's own opaque slot, as
 *
 *     slc1.<vendor>.<family>.<kind>.<base64url of the value>
 *
 * The mark tells it from the native values of that slot; a provider never sees an envelope.
 */
const mark = 'slc1.'

const kinds = { s: 'signature', r: 'redacted', e: 'encrypted' } as const satisfies Record<string, Opaque['kind']>

export function seal(opaque: Opaque): string {
  const kind = opaque.kind[0]
  return `${mark}${word(opaque.vendor)}.${word(opaque.family)}.${kind}.${toBase64Url(opaque.value)}`
}

export function isSealed(text: string): boolean {
  return text.startsWith(mark)
}

/** The state inside an envelope; undefined when the text is none, or is a damaged one. */
export function unseal(text: string): Opaque | undefined {
  if (!isSealed(text)) return undefined
  const [, vendor, family, kind, payload, ...rest] = text.split('.')
  if (!vendor || !family || !kind || payload === undefined || rest.length > 0) return undefined
  const full = Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : undefined
  const value = fromBase64Url(payload)
  if (!full || value === undefined) return undefined
  return { vendor: unword(vendor), family: unword(family), kind: full, value }
}

// Names keep to a charset without the separator; `_` stands for unknown.
function word(name: string | undefined): string {
  return name === undefined || name === '' ? '_' : encodeURIComponent(name.toWellFormed()).replaceAll('.', '%2E')
}

function unword(name: string): string {
  try {
    return name === '_' ? '' : decodeURIComponent(name)
  } catch {
    return name
  }
}

export function toBase64Url(text: string): string {
  let binary = ''
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function fromBase64Url(text: string): string | undefined {
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
