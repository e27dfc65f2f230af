import { type Static, Type } from 'typebox'
import { logFormats, logLevels } from '../observe/index.ts'
import { providerOptions } from '../providers/index.ts'
import { transportClients } from '../transport/index.ts'
import { defaults } from './defaults.ts'
import { modelOptions, routingOptions } from './routing-schema.ts'
import { transformerOptions } from './transformers-schema.ts'
import { durationPattern, largestBytes, longestMs, sizePattern } from './units.ts'

// The titles tell `explain` how to word what is expected.
function duration(value: string | undefined, description: string, minimum = 1) {
  return Type.Union([Type.String({ pattern: durationPattern }), Type.Integer({ minimum, maximum: longestMs })], {
    title: 'duration',
    ...(value !== undefined && { default: value }),
    description,
  })
}

function size(value: string, description: string) {
  return Type.Union([Type.String({ pattern: sizePattern }), Type.Integer({ minimum: 1, maximum: largestBytes })], {
    title: 'size',
    default: value,
    description,
  })
}

/** A size that is never in memory as one piece. */
function budget(value: string, description: string) {
  return Type.Union([Type.String({ pattern: sizePattern }), Type.Integer({ minimum: 1 })], {
    title: 'budget',
    default: value,
    description,
  })
}

const { server, access, limits, streaming, transport, log } = defaults

const serverOptions = Type.Object(
  {
    host: Type.Optional(
      Type.String({
        minLength: 1,
        default: server.host,
        description: 'The address to listen on. Any other than loopback calls for `[access] keys`.',
      }),
    ),
    port: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        default: server.port,
        description: 'The port to listen on; 0 takes any free one.',
      }),
    ),
    max_body: Type.Optional(size(server.max_body, 'The largest request body.')),
    body_timeout: Type.Optional(duration(server.body_timeout, 'How long a request body may take to arrive.')),
    cors_origins: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        default: server.cors_origins,
        description: 'Origins of web pages that may call, e.g. `https://chat.example.com`; `*` lets any page in.',
      }),
    ),
    drain_timeout: Type.Optional(
      duration(server.drain_timeout, 'How long running streams get to finish when sluice is told to stop.', 0),
    ),
    watch: Type.Optional(
      Type.Boolean({
        default: server.watch,
        description: 'Whether this file is read again when it has changed.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Where and how sluice listens.' },
)

const namedKey = Type.Object(
  {
    name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description: 'How the key is called.' }),
    key: Type.String({ minLength: 1, description: 'The key that clients show.' }),
    model: Type.Optional(
      Type.String({ minLength: 1, description: 'Where its requests go whose model nobody here knows.' }),
    ),
  },
  { additionalProperties: false },
)

const accessOptions = Type.Object(
  {
    keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        default: access.keys,
        description: 'Keys that clients must show, any one of them. None: only this machine may call, with any key.',
      }),
    ),
    named_keys: Type.Optional(
      Type.Array(namedKey, { description: 'Keys with names, by which rules, transformers and the log know them.' }),
    ),
    operator_keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        default: access.operator_keys,
        description:
          'Keys that `/admin/v1` takes, any one of them; good for everything else, too. None: with client keys nobody may go there.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Who may call.' },
)

const limitsOptions = Type.Object(
  {
    streams: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        default: limits.streams,
        description: 'How many requests are answered at once.',
      }),
    ),
    queue: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        default: limits.queue,
        description: 'How many more may wait until it is their turn.',
      }),
    ),
    queue_timeout: Type.Optional(duration(limits.queue_timeout, 'How long a request waits at most.')),
    per_key: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'How many requests of one client key are answered or wait at once. None: as many as there is room for.',
      }),
    ),
  },
  { additionalProperties: false, description: 'How much sluice takes on at once.' },
)

const force = (value?: 'auto') =>
  Type.Optional(
    Type.Enum(['auto', 'always', 'never'], {
      ...(value && { default: value }),
      description:
        'Whether a provider is asked for a stream when the client wants one: `auto` by what was found out of the model, `always` in any case, `never` not at all.',
    }),
  )

const fallback = (value?: boolean) =>
  Type.Optional(
    Type.Boolean({
      ...(value !== undefined && { default: value }),
      description:
        'A model that cannot stream is asked for a whole answer, which is made into a stream; else an error.',
    }),
  )

const simulateRate = (value?: number) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      ...(value !== undefined && { default: value }),
      description: 'How many words a second a stream has that is made of a whole answer; 0: no delay.',
    }),
  )

const afterContent = (value?: 'end') =>
  Type.Optional(
    Type.Enum(['end', 'continue'], {
      ...(value && { default: value }),
      description:
        'What becomes of a stream that breaks after its content: `end` with an error, or `continue`: another target writes the rest.',
    }),
  )

const leastRate = (value?: number) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      ...(value !== undefined && { default: value }),
      description:
        'How many pieces of content a second a stream must have, over ten seconds; one that drips more slowly is given up. 0: no matter.',
    }),
  )

const streamedModels = Type.Object(
  {
    match: Type.String({
      minLength: 1,
      description: 'For which models this holds, as `provider/model`, with `*` for any part: `straico/*`.',
    }),
    force: force(),
    fallback: fallback(),
    simulate_rate: simulateRate(),
    after_content: afterContent(),
    least_rate: leastRate(),
    hedge_after: Type.Optional(duration(undefined, 'As in [streaming].', 0)),
    first_token_timeout: Type.Optional(duration(undefined, 'As in [streaming].')),
    idle_timeout: Type.Optional(duration(undefined, 'As in [streaming].')),
    stall_timeout: Type.Optional(duration(undefined, 'As in [streaming].')),
    total_timeout: Type.Optional(duration(undefined, 'As in [streaming].')),
  },
  { additionalProperties: false },
)

const streamingOptions = Type.Object(
  {
    force: force(streaming.force),
    detection_ttl: Type.Optional(
      duration(streaming.detection_ttl, 'How long it counts what was found out of a model, before it is tried again.'),
    ),
    fallback: fallback(streaming.fallback),
    simulate_rate: simulateRate(streaming.simulate_rate),
    after_content: afterContent(streaming.after_content),
    least_rate: leastRate(streaming.least_rate),
    max_retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        default: streaming.max_retries,
        description:
          'How often a target is asked again after a failure that may pass, before anything of an answer has come.',
      }),
    ),
    models: Type.Optional(
      Type.Array(streamedModels, {
        description: 'What holds for some models only. Of several that match, the last one that says it counts.',
      }),
    ),
    heartbeat: Type.Optional(
      duration(streaming.heartbeat, 'Silence towards the client after which a sign of life is written.'),
    ),
    status_ceiling: Type.Optional(
      duration(streaming.status_ceiling, 'How long the headers of a streamed answer wait for the first content.'),
    ),
    connect_timeout: Type.Optional(duration(streaming.connect_timeout, 'How long connecting to a provider may take.')),
    first_token_timeout: Type.Optional(
      duration(
        streaming.first_token_timeout,
        'How long the first content of a stream may take before the next target is tried. The last target has no such limit.',
      ),
    ),
    hedge_after: Type.Optional(
      duration(
        streaming.hedge_after,
        'How long the first content of a stream may take before the next target is asked as well. The first that has content answers; the other is dropped, and may have to be paid for. `0s`: never.',
        0,
      ),
    ),
    idle_timeout: Type.Optional(
      duration(streaming.idle_timeout, 'How long a provider may send nothing at all; its pings count as life.'),
    ),
    stall_timeout: Type.Optional(duration(streaming.stall_timeout, 'How long a provider may send nothing but pings.')),
    total_timeout: Type.Optional(duration(streaming.total_timeout, 'How long a whole answer may take.')),
    finish_grace: Type.Optional(
      duration(streaming.finish_grace, 'How long the end marker may take after the finish reason.'),
    ),
    max_event: Type.Optional(
      size(streaming.max_event, 'The largest single event, and the largest unstreamed answer, of a provider.'),
    ),
    buffer_budget: Type.Optional(
      budget(
        streaming.buffer_budget,
        'How much may wait in memory for slow clients, all streams together; beyond it each provider waits for its client.',
      ),
    ),
  },
  { additionalProperties: false, description: 'How long to wait for what, while an answer streams.' },
)

const transportOptions = Type.Object(
  {
    client: Type.Optional(
      Type.Enum(transportClients, {
        default: transport.client,
        description:
          'Who makes the calls: `http1` is our own reader, fast and small; `undici` is the library, which makes those through a proxy in any case.',
      }),
    ),
  },
  { additionalProperties: false, description: 'How providers are called.' },
)

const storageOptions = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          'The folder for the file of state, or `:memory:` for none. Default: `$XDG_STATE_HOME/sluice`, else `~/.local/state/sluice`.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Where state is kept that outlasts a request.' },
)

const clientOptions = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'How it is called in `x-sluice-client`. That of a known profile changes that profile.',
    }),
    user_agent: Type.Optional(
      Type.String({ minLength: 1, description: 'Its `user-agent`, in which `*` stands for anything.' }),
    ),
    comments: Type.Optional(Type.Boolean({ description: 'Whether it reads over comments in a stream of events.' })),
    ping: Type.Optional(Type.Boolean({ description: 'Whether it reads over `ping` events.' })),
    reasoning: Type.Optional(
      Type.Enum(['reasoning_content', 'reasoning', 'both', 'none'], {
        description: 'The field in which it reads reasoning in Chat Completions.',
      }),
    ),
  },
  { additionalProperties: false },
)

const logOptions = Type.Object(
  {
    level: Type.Optional(
      Type.Enum(logLevels, {
        default: log.level,
        description: 'The least that is worth a line. `debug` tells the story of each request.',
      }),
    ),
    format: Type.Optional(
      Type.Enum(logFormats, {
        default: log.format,
        description: '`pretty` for people, `json` for machines; `auto`: pretty on a terminal.',
      }),
    ),
  },
  { additionalProperties: false, description: 'What sluice writes to standard error.' },
)

/** The configuration file, as it is written. */
export const configSchema = Type.Object(
  {
    server: Type.Optional(serverOptions),
    access: Type.Optional(accessOptions),
    limits: Type.Optional(limitsOptions),
    streaming: Type.Optional(streamingOptions),
    transport: Type.Optional(transportOptions),
    storage: Type.Optional(storageOptions),
    providers: Type.Optional(
      Type.Array(providerOptions, {
        description: 'Whom to call. None: the providers whose keys are in the environment.',
      }),
    ),
    models: Type.Optional(Type.Array(modelOptions, { description: 'Names of your own for `provider/model` targets.' })),
    routing: Type.Optional(routingOptions),
    transformers: Type.Optional(
      Type.Array(transformerOptions, { description: 'What changes requests and answers, by name.' }),
    ),
    clients: Type.Optional(
      Type.Array(clientOptions, { description: 'Clients that read less, or more, than their dialect allows.' }),
    ),
    log: Type.Optional(logOptions),
  },
  { additionalProperties: false },
)

/** The configuration in the shape of the file; every table may be left out. */
export type ConfigOptions = Static<typeof configSchema>

/** The JSON schema that editors complete and check `sluice.toml` with. */
export function editorSchema(): Record<string, unknown> {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'sluice.toml',
    ...(JSON.parse(JSON.stringify(configSchema)) as Record<string, unknown>),
  }
}
