import type { Dialect } from '../../../src/dialects/dialect.ts'
import {
  clientDialects,
  type DialectName,
  dialects,
  networkDialects,
  type Target,
  type UpstreamDialect,
} from '../../../src/dialects/index.ts'

export const clientNames = Object.keys(clientDialects)
export const upstreamNames = Object.keys(networkDialects) as DialectName[]

export function clientDialect(name: string): Dialect {
  return clientDialects[name as keyof typeof clientDialects]
}

export function upstreamDialect(name: string): UpstreamDialect {
  return dialects[name as DialectName]
}

/** The vendor of each language: who it is that signs, and what its own models take. */
const targets: Record<string, Partial<Target>> = {
  'openai-chat': {
    vendor: 'openai',
    family: 'gpt',
    traits: { maxTokensField: 'max_completion_tokens', openaiExtras: true, reasoningField: 'reasoning_content' },
  },
  'openai-responses': { vendor: 'openai', family: 'gpt', traits: { openaiExtras: true } },
  'anthropic-messages': { vendor: 'anthropic', family: 'claude' },
  gemini: { vendor: 'google', family: 'gemini' },
  'bedrock-converse': {
    vendor: 'bedrock',
    family: 'claude',
    traits: { nativeFields: 'anthropic', cachePoints: true },
  },
}

/** What only some models take, and what their clients may say all the same. */
const clientTraits: Record<string, Target['traits']> = { 'anthropic-messages': { midSystem: true } }

/** Whom a client of a language thinks that it asks. */
export function clientTarget(name: string): Target {
  const target = targetOf(name)
  return { ...target, traits: { ...target.traits, ...clientTraits[name] } }
}

/** Whom requests in a language are for. A language that is not named above has a vendor of its own name. */
export function targetOf(name: string): Target {
  return { model: 'model-1', vendor: name, family: 'one', traits: {}, ...targets[name] }
}
