import type { ClientConfig } from '../config/index.ts'
import type { ReasoningFields, StreamFraming } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import { matchesGlob } from '../providers/index.ts'
import type { Exchange } from './exchange.ts'

/** A regular expression, or what does as one. */
type Pattern = Pick<RegExp, 'test'>

/** How a client differs from what its dialect allows. */
export interface ClientProfile {
  name: string
  /** The header, and what stands in it, by which such clients are known. None: it is asked for by name. */
  match?: { header: string; pattern: Pattern }
  /** It reads over comments in a stream of events. Without them nothing is a sign of life. */
  comments: boolean
  /** It reads over `ping` events. */
  ping: boolean
  /** Where it reads reasoning in Chat Completions. */
  reasoningInChat: ReasoningFields
}

const usual: ClientProfile = { name: 'usual', comments: true, ping: true, reasoningInChat: 'reasoning_content' }

/** Those that need no configuration; the first that fits is taken. The page of the HTTP surface holds the same table. */
export const knownProfiles: readonly ClientProfile[] = [
  // It ends with an error at a field of a delta that it does not know.
  {
    ...usual,
    name: 'copilot-cli',
    match: { header: 'user-agent', pattern: /\bcopilot[-/ ]?(cli|sdk)|githubcopilotcli/i },
    reasoningInChat: 'none',
  },
  // They read OpenRouter's name for it.
  {
    ...usual,
    name: 'openrouter-sdk',
    match: { header: 'user-agent', pattern: /\bopenrouter\b/i },
    reasoningInChat: 'reasoning',
  },
  // For clients of either kind.
  { ...usual, name: 'both', reasoningInChat: 'both' },
  // Nothing but what the vendor itself would send.
  { name: 'strict', comments: false, ping: false, reasoningInChat: 'none' },
  usual,
]

/**
 * The profiles of a gateway, in the order in which they are tried: what is configured, then the others. One of a known name
 * changes that profile.
 */
export function profilesOf(configured: readonly ClientConfig[]): readonly ClientProfile[] {
  const written = configured.map((one): ClientProfile => {
    const { name, userAgent, comments, ping, reasoning } = one
    const known = knownProfiles.find((profile) => profile.name === name)
    const { match, ...base } = known ?? usual
    const told = userAgent === undefined ? match : { header: 'user-agent', pattern: globPattern(userAgent) }
    return {
      name,
      ...(told && { match: told }),
      comments: comments ?? base.comments,
      ping: ping ?? base.ping,
      reasoningInChat: reasoning ?? base.reasoningInChat,
    }
  })
  const others = knownProfiles.filter(({ name }) => !configured.some((one) => one.name === name))
  return [...written, ...others]
}

/** Names of programs are compared in any case. No regular expression, since those can take long over a long header. */
function globPattern(glob: string): Pattern {
  const lower = glob.toLowerCase()
  return { test: (text) => matchesGlob(lower, text.toLowerCase()) }
}

/**
 * The profile of who asks: the one that it names, else the first by whose mark it is known.
 *
 * @throws SluiceError `invalid_request` for a name that is none
 */
export function clientProfile(
  { headers }: Exchange,
  profiles: readonly ClientProfile[] = knownProfiles,
): ClientProfile {
  const asked = headers['x-sluice-client']
  const named = (name: string) => profiles.find((one) => one.name === name)
  if (asked === undefined) {
    return profiles.find(({ match }) => match?.pattern.test(headers[match.header] ?? '')) ?? named('usual') ?? usual
  }
  const found = named(asked)
  if (found) return found
  const known = profiles.map((one) => one.name).join(', ')
  throw new SluiceError(
    'invalid_request',
    `cannot take the client for "${asked.slice(0, 100)}", as x-sluice-client says: there are ${known}`,
    { param: 'x-sluice-client' },
  )
}

/** The framing with as many signs of life as the client takes. */
export function profiledFraming({ comments, ping }: ClientProfile, framing: StreamFraming): StreamFraming {
  const { heartbeat } = framing
  const taken = heartbeat.startsWith(':') ? comments : heartbeat.startsWith('event: ping') ? ping : true
  return taken ? framing : { ...framing, heartbeat: '' }
}

/** Whether what a provider sends may hold something that the client does not take, so that it cannot go on as it is. */
export function rewrites({ comments, ping, reasoningInChat }: ClientProfile, dialect: string): boolean {
  return !comments || !ping || (dialect === 'openai-chat' && reasoningInChat !== usual.reasoningInChat)
}
