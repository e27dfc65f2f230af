import type { Target, Traits } from '../dialect.ts'

/** Traits by which a body that OpenAI takes is refused or misread, so that it must be written anew. */
const refusing: ReadonlyArray<keyof Traits> = [
  'fields',
  'modelChoice',
  'drops',
  'renames',
  'defaults',
  'maxStops',
  'oneChoice',
  'temperature',
  'streamOnly',
  'toolChoice',
  'callIdForm',
  'resultNames',
  'systemFirst',
  'alternate',
  'prefillMark',
  'outputs',
  'efforts',
  'reasoningRequired',
]

/** Those that say it by being false. */
const lacking: ReadonlyArray<keyof Traits> = ['tools', 'messageNames', 'parts', 'nullContent', 'streamUsage']

/** Whether a client's own body would not do for a server with these traits. */
export function adapts({ traits }: Target): boolean {
  return (
    refusing.some((trait) => traits[trait] !== undefined && traits[trait] !== false) ||
    lacking.some((trait) => traits[trait] === false) ||
    readsReasoningElsewhere(traits)
  )
}

/** OpenAI's own field for the effort would be passed over. */
function readsReasoningElsewhere({ reasoningRequest: words }: Traits): boolean {
  return words !== undefined && !words.includes('reasoning_effort') && !words.includes('reasoning')
}
