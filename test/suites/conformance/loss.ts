import type { Form, Grade } from './feature.ts'

/**
 * Everything that does not come through whole, and why. A loss that stands in no entry fails the suite, and so does an
 * entry, or a name in one, for which there is no loss any more.
 */
export interface Loss {
  features: string[]
  grade: Exclude<Grade, 'full'>
  /** Default: all. */
  clients?: string[]
  upstreams?: string[]
  /** Whose language has no words for it, with the grade `n/a`. */
  mute?: 'client' | 'provider'
  /** Default: both. */
  form?: Form
  why: string
  /** It should not be so, and is not meant to stay. */
  fault?: true
}

export const chat = 'openai-chat'
export const responses = 'openai-responses'
export const messages = 'anthropic-messages'
export const gemini = 'gemini'
export const ollama = 'ollama'
export const converse = 'bedrock-converse'

/** The language of these clients has no words for it. */
export const clientsLack = (clients: string[], features: string[], why: string): Loss => ({
  features,
  grade: 'n/a',
  mute: 'client',
  clients,
  why,
})
/** Providers of these languages never say it. */
export const providersLack = (
  upstreams: string[],
  features: string[],
  why: string,
  more: Partial<Loss> = {},
): Loss => ({
  features,
  grade: 'n/a',
  mute: 'provider',
  upstreams,
  why,
  ...more,
})
export const refusedBy = (upstreams: string[], features: string[], why: string): Loss => ({
  features,
  grade: 'refused',
  upstreams,
  why,
})
export const partialTo = (upstreams: string[], features: string[], why: string, more: Partial<Loss> = {}): Loss => ({
  features,
  grade: 'partial',
  upstreams,
  why,
  ...more,
})
export const partialFor = (clients: string[], features: string[], why: string, more: Partial<Loss> = {}): Loss => ({
  features,
  grade: 'partial',
  clients,
  why,
  ...more,
})
