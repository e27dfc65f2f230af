import { type Static, Type } from 'typebox'
import type { Traits } from '../dialects/index.ts'
import type { ModelTraits } from './provider.ts'

const flag = (description: string) => Type.Optional(Type.Boolean({ description }))
const words = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Optional(Type.Array(Type.Enum(list), { description }))
const one = <const W extends readonly string[]>(list: W, description: string) =>
  Type.Optional(Type.Enum(list, { description }))

/** `[providers.quirks]`: how a server differs from others of its language, mostly of `openai-chat`, for those that no preset knows. */
export const quirkOptions = Type.Object(
  {
    drops: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Fields of a request that it refuses: left out.' }),
    ),
    fields: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'The only fields of a request that it takes: all others are left out.',
      }),
    ),
    renames: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Fields of a request by the names it has for them.' }),
    ),
    takes: words(
      ['top_k', 'strict', 'parallel_tool_calls', 'service_tier', 'metadata', 'verbosity'],
      'Fields that it takes although not every server does.',
    ),
    max_stops: Type.Optional(Type.Integer({ minimum: 0, description: 'How many stop sequences it takes.' })),
    local_stops: flag('Stop sequences are not sent: its answer is cut here at the first of them.'),
    one_choice: flag('It gives one answer to a question.'),
    stream_only: flag('It answers only as a stream.'),
    streams: flag('It streams. `false`: it is asked for whole answers, until it is found to stream.'),
    cost: Type.Optional(
      Type.Object(
        { at: Type.String({ pattern: '^[^.]+(\\.[^.]+)*$' }), unit: Type.String({ minLength: 1 }) },
        {
          additionalProperties: false,
          description: 'Where its answers say what they cost, such as `usage.cost`, and in which unit (`openai-chat`).',
        },
      ),
    ),
    stream_usage: flag('It takes `stream_options`.'),
    tools: flag('It knows tools.'),
    emulate_tools: flag('Its models are told of tools in words, and calls are read out of what they write.'),
    call_id_form: one(['nine', 'numbered'], 'The ids of calls that it takes.'),
    result_names: flag("A result says the tool's name, too."),
    message_names: flag('It takes the name of who speaks.'),
    parts: flag('It takes content in parts, such as images.'),
    null_content: flag('It takes `content: null` beside calls.'),
    system_first: flag('It takes one system message, at the beginning.'),
    alternate: flag('It wants user and assistant to take turns.'),
    prefill_mark: one(['prefix', 'partial'], 'The field that marks the beginning of an answer.'),
    outputs: words(['json_object', 'json_schema'], 'The forms of JSON output that it knows.'),
    reasoning_field: one(['reasoning_content', 'reasoning'], 'The field that takes reasoning back.'),
    reasoning_required: flag('It refuses calls without the reasoning before them.'),
    reasoning_request: words(
      [
        'reasoning_effort',
        'reasoning',
        'thinking',
        'enable_thinking',
        'thinking_budget',
        'disable_reasoning',
        'prompt_mode',
      ],
      'The fields by which it is told how much to reason.',
    ),
    whole_arguments: flag(
      'What it streams of the arguments of calls is not what they come to: only the whole counts (`openai-responses`).',
    ),
    think_tags: Type.Optional(
      Type.Array(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_:-]*$' }), {
        description: 'Reasoning stands in its text, between tags of these names.',
      }),
    ),
    think_opened: flag('The first of these tags was opened in the prompt.'),
    think: one(['levels', 'never'], 'How its models think: by steps, or not at all. Else on or off (`ollama`).'),
    num_ctx: Type.Optional(
      Type.Integer({ minimum: 1, description: 'How many tokens it is to make room for (`ollama`).' }),
    ),
  },
  { additionalProperties: false, description: 'How it differs from others of its language.' },
)

export type QuirkOptions = Static<typeof quirkOptions>

/** `[[providers.model_quirks]]`: the same for some of its models. */
export const modelQuirkOptions = Type.Object(
  {
    models: Type.String({
      minLength: 1,
      description: 'For which of its models, with `*` for any part: `anthropic/*`.',
    }),
    ...quirkOptions.properties,
  },
  { additionalProperties: false },
)

type ModelQuirkOptions = Static<typeof modelQuirkOptions>

/** Traits that are there only to say no: `true` is what holds without them. */
const negative: ReadonlySet<string> = new Set(['tools', 'message_names', 'parts', 'null_content'])

/** What was written, as traits to lay over those that are known. */
export function traitsOf(quirks: QuirkOptions): Traits {
  const traits: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(quirks)) {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    if (value !== undefined) traits[name] = value === true && negative.has(key) ? undefined : value
  }
  return traits as Traits
}

export function modelTraitsOf(quirks: readonly ModelQuirkOptions[] = []): ModelTraits[] {
  return quirks.map(({ models, ...some }) => ({ models, traits: traitsOf(some) }))
}
