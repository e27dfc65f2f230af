import type { ReasoningFields, StreamFraming } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Exchange } from './exchange.ts'

/** How a client differs from what its dialect allows. */
export interface ClientProfile {
  name: string
  /** The header, and what stands in it, by which such clients are known. None: it is asked for by name. */
  match?: { header: string; pattern: RegExp }
  /** It reads over comments in a stream of events. Without them nothing is a sign of life. */
  comments: boolean
  /** It reads over `ping` events. */
  ping: boolean
  /** Where it reads reasoning in Chat Completions. */
  reasoningInChat: ReasoningFields
}

const usual: ClientProfile = { name: 'usual', comments: true, ping: true, reasoningInChat: 'reasoning_content' }

/** The first that fits is taken. The page of the HTTP surface holds the same table. */
export const clientProfiles: readonly ClientProfile[] = [
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

/** @throws SluiceError `invalid_request` for a name that is none */
export function clientProfile({ headers }: Exchange): ClientProfile {
  const asked = headers['x-sluice-client']
  if (asked === undefined) {
    return clientProfiles.find(({ match }) => match?.pattern.test(headers[match.header] ?? '')) ?? usual
  }
  const named = clientProfiles.find((one) => one.name === asked)
  if (named) return named
  const known = clientProfiles.map((one) => one.name).join(', ')
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
