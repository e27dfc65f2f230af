import { Type } from 'typebox'
import { strategies } from '../routing/index.ts'
import { defaults } from './defaults.ts'
import { transformerNames } from './transformers-schema.ts'

const { routing } = defaults

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))
const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const whole = (description: string) => Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000, description }))
const texts = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description }))
const globs = (description: string) => Type.Optional(Type.Record(Type.String(), Type.String(), { description }))

/** `[[models]]` */
export const modelOptions = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'The name that clients use; `*` in it stands for any part.' }),
    targets: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description:
        'Where the name leads: `provider/model`. In it `*` stands for what the `*` of the name stood for, and `{model}` for the whole name.',
    }),
    strategy: Type.Optional(
      Type.Enum(strategies, {
        description:
          'In which order the targets are asked: as they stand, by chance and `weights`, the quickest first, the cheapest first, the least busy first, or for each session the same.',
      }),
    ),
    weights: Type.Optional(
      Type.Array(Type.Number({ minimum: 0 }), {
        minItems: 1,
        description: 'How much each target gets, for `weighted` and `sticky`.',
      }),
    ),
    costs: Type.Optional(
      Type.Array(Type.Number({ minimum: 0 }), {
        minItems: 1,
        description: 'What each target costs, in one unit of any kind, for `cost`.',
      }),
    ),
    transformers: transformerNames('What changes requests for this name, and their answers, in order.'),
  },
  { additionalProperties: false },
)

/** `[[routing.rules]]` */
export const ruleOptions = Type.Object(
  {
    name: text('What the rule is called when a decision is explained.'),
    to: text('Where requests go for which all of this holds: a name from `[[models]]`, or `provider/model`.'),
    targets: texts('In the place of `to`: several `provider/model`, in order.'),
    models: texts('Names that are asked for, any one of them; `*` stands for any part.'),
    input_tokens_over: whole('The prompt has more tokens.'),
    input_tokens_under: whole('The prompt has fewer tokens.'),
    thinking: flag('Thinking is asked for.'),
    web_search: flag("A web search of the vendor's is on offer."),
    images: flag('There are images in the conversation.'),
    files: flag('There are files in the conversation.'),
    tools_over: whole('More tools are on offer.'),
    tools_under: whole('Fewer tools are on offer.'),
    structured_output: flag('The answer has to be JSON.'),
    stream: flag('A stream is asked for.'),
    headers: globs('Headers of the request; `*` stands for any part.'),
    metadata: globs("Fields of the request's `metadata`; `*` stands for any part."),
    client_key: text('The name of the key that the client has shown; `*` stands for any part.'),
    user_agent: text('The `user-agent`, in any case; `*` stands for any part.'),
  },
  { additionalProperties: false },
)

/** `[routing]` */
export const routingOptions = Type.Object(
  {
    default: text('Where every name goes that is neither from `[[models]]` nor says its provider.'),
    background: text('Where requests for `background_models` go.'),
    think: text('Where requests go that ask for thinking.'),
    long_context: text('Where prompts over `long_context_threshold` go.'),
    web_search: text("Where requests go that offer a web search of the vendor's."),
    image: text('Where conversations with images go.'),
    long_context_threshold: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000_000,
        default: routing.long_context_threshold,
        description: 'In tokens.',
      }),
    ),
    background_models: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        default: routing.background_models,
        description: 'Models that agents take for small things on the side; `*` stands for any part.',
      }),
    ),
    tags: Type.Optional(
      Type.Enum(['off', 'system', 'user'], {
        default: routing.tags,
        description:
          'Where a `<sluice-model>` tag may name the model: at the beginning of the instructions, or of the first turn as well.',
      }),
    ),
    module: text('A file whose default function says for each request where it goes. Asked before the rules.'),
    rules: Type.Optional(
      Type.Array(ruleOptions, {
        description: 'What a request is, and where it then goes. The first that holds counts.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Where requests go because of what they are.' },
)
