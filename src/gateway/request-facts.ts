import type { Asked, Dialect } from '../dialects/index.ts'
import { SluiceError } from '../errors/index.ts'
import {
  hash,
  type ModelTag,
  type RequestFacts,
  type RoutingTable,
  readModelTag,
  tagMarks,
  tokenThresholds,
  undecided,
} from '../routing/index.ts'
import {
  type ChatRequest,
  countInput,
  estimateClosely,
  estimateInput,
  isJsonObject,
  type JsonObject,
  type Message,
} from '../tokens/index.ts'
import type { RequestBody } from './request-body.ts'

export interface FactsOptions {
  asked?: Asked
  /** The name of the key that the client has shown. */
  clientKey?: string
  /** Where a tag may name the model. Default `system`. */
  tags?: 'off' | 'system' | 'user'
}

/** What a request is, for routing. */
export function factsOf(
  client: Dialect,
  body: RequestBody,
  headers: Readonly<Record<string, string | undefined>>,
  options: FactsOptions = {},
): BodyFacts {
  return new BodyFacts(client, body, headers, options)
}

/**
 * The facts of one request, read out of its body when somebody asks: the canonical request is decoded once at most, and for
 * most requests never. What this decoder cannot read is no fact: the provider may be able to.
 */
export class BodyFacts implements RequestFacts {
  readonly model: string
  readonly stream: boolean
  readonly clientKey: string | undefined
  readonly #client: Dialect
  readonly #body: RequestBody
  readonly #headers: Readonly<Record<string, string | undefined>>
  readonly #options: FactsOptions
  #request: ChatRequest | undefined | null
  #tokens: number | undefined
  #counted = false

  constructor(
    client: Dialect,
    body: RequestBody,
    headers: Readonly<Record<string, string | undefined>>,
    options: FactsOptions,
  ) {
    this.#client = client
    this.#body = body
    this.#headers = headers
    this.#options = options
    const { asked, clientKey } = options
    const { model, stream } = body.json
    this.model = asked?.model ?? (typeof model === 'string' ? model : '')
    this.stream = asked?.stream ?? (typeof stream === 'boolean' ? stream : (client.client.streamsByDefault ?? false))
    this.clientKey = clientKey
  }

  get userAgent(): string | undefined {
    return this.#headers['user-agent']
  }

  get metadata(): JsonObject | undefined {
    const { metadata } = this.#body.json
    return isJsonObject(metadata) ? metadata : undefined
  }

  get inputCounted(): boolean {
    return this.#counted
  }

  header(name: string): string | undefined {
    // A name from a rule may be one that every object has.
    return Object.hasOwn(this.#headers, name) ? this.#headers[name] : undefined
  }

  inputTokens(): number {
    if (this.#tokens === undefined) {
      const request = this.#decoded()
      // A prompt that cannot be read has about as many characters to a token as its JSON.
      this.#tokens = request ? estimateInput(request) : Math.ceil(this.#body.text.length / 4)
    }
    return this.#tokens
  }

  /**
   * Counts the prompt where a guess of its size cannot decide what this table asks. A promise only then, and the facts are
   * not to be used before it is fulfilled. Counting takes tens of milliseconds for a prompt of a hundred thousand tokens,
   * with the turns of others in between; the guesses before it spare most prompts that.
   */
  settle(table: RoutingTable): Promise<void> | undefined {
    const thresholds = tokenThresholds(table)
    if (thresholds.length === 0 || this.#counted) return undefined
    if (!undecided(this.inputTokens(), roughTimes, thresholds)) return undefined
    const request = this.#decoded()
    if (!request) return undefined
    this.#tokens = estimateClosely(request)
    return undecided(this.#tokens, closeTimes, thresholds) ? this.#count(request) : undefined
  }

  thinking(): boolean {
    const { effort, budget = 0, adaptive = false } = this.#decoded()?.reasoning ?? {}
    if (effort === 'none') return false
    return effort !== undefined || budget > 0 || adaptive
  }

  tools(): number {
    return this.#decoded()?.tools.length ?? 0
  }

  webSearch(): boolean {
    const request = this.#decoded()
    if (!request) return false
    if (isJsonObject(request.extra.fields.web_search_options)) return true
    return request.tools.some(
      (tool) => tool.kind === 'hosted' && (searches.test(tool.name) || searches.test(String(tool.definition.type))),
    )
  }

  images(): boolean {
    return this.#carries('image')
  }

  files(): boolean {
    return this.#carries('file')
  }

  structuredOutput(): boolean {
    return this.#decoded()?.output !== undefined
  }

  subagentTag(): string | undefined {
    return this.modelTag()?.name
  }

  /** The tag with the text of it that stands in the prompt. */
  modelTag(): ModelTag | undefined {
    const { tags = 'system' } = this.#options
    if (tags === 'off' || !tagMarks.some((mark) => this.#body.text.includes(mark))) return undefined
    const request = this.#decoded()
    if (!request) return undefined
    const turn = tags === 'user' ? request.messages.find(({ role }) => role === 'user') : undefined
    for (const part of [...request.system, ...(turn?.parts ?? [])]) {
      const tag = part.type === 'text' ? readModelTag(part.text) : undefined
      if (tag) return tag
    }
    return undefined
  }

  /**
   * As the client names it, in one of the ways of known agents; else what stays the same through a conversation, its first
   * turn.
   */
  session(): string | undefined {
    for (const name of sessionHeaders) {
      const named = this.#headers[name]
      if (named) return named
    }
    const named = sessionOf(this.metadata?.user_id) ?? this.#body.json.prompt_cache_key
    if (typeof named === 'string' && named !== '') return named
    const first = this.#decoded()?.messages.find(({ role }) => role === 'user')
    return first && `turn ${hash(textOf(first))}`
  }

  async #count(request: ChatRequest): Promise<void> {
    this.#tokens = await countInput(request)
    this.#counted = true
  }

  #carries(type: 'image' | 'file'): boolean {
    const request = this.#decoded()
    return (
      request?.messages.some(({ parts }) =>
        parts.some(
          (part) =>
            part.type === type || (part.type === 'tool-result' && part.content.some((one) => one.type === type)),
        ),
      ) === true
    )
  }

  #decoded(): ChatRequest | undefined {
    if (this.#request === undefined) {
      try {
        const { json } = this.#body
        // A request may leave its model to a tag or a header, and is one that can be read all the same.
        const named = this.model === '' ? { ...json, model: '-' } : json
        this.#request = this.#client.client.decodeRequest(named, this.#options.asked)
      } catch (thrown) {
        if (!SluiceError.is(thrown)) throw thrown
        this.#request = null
      }
    }
    return this.#request ?? undefined
  }
}

/** By how many times the guesses can be wrong: the one from lengths, and the one from scripts. */
const roughTimes = 4
const closeTimes = 1.6

/** The vendors' own tools by their names and types: `web_search_20250305`, `googleSearch`. */
const searches = /^(web_?search|google_?search)/i

/** In which agents name the conversation; ours first. */
const sessionHeaders = [
  'x-sluice-session',
  'x-claude-code-session-id',
  'session-id',
  'session_id',
  'x-session-id',
  'x-session-affinity',
  'x-opencode-session',
]

/** Claude Code's `metadata.user_id`: an object as text that says it, or in older ones a name that ends in it. */
function sessionOf(user: unknown): string | undefined {
  if (typeof user !== 'string') return undefined
  // Real ones have about two hundred characters, and patterns can take long over a long text.
  const said = user.slice(0, 1000)
  return (/"session_id"\s*:\s*"([^"]+)"/.exec(said) ?? /_session_(.+)$/.exec(said))?.[1]
}

function textOf({ parts }: Message): string {
  let text = ''
  for (const part of parts) {
    if (part.type === 'text') text += part.text
    if (text.length > mostHashed) break
  }
  return text.slice(0, mostHashed)
}

const mostHashed = 64 * 1024
