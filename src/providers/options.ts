import { type Static, Type } from 'typebox'

/** One `[[providers]]` table of the configuration. */
export const providerOptions = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'How this provider is called in `provider/model`.',
    }),
    kind: Type.Optional(Type.String({ description: 'A preset to start from. Default: the name, if it is one.' })),
    dialect: Type.Optional(
      Type.Union([Type.Literal('openai-chat'), Type.Literal('anthropic-messages')], {
        description: "The wire language of its API. Default: the preset's.",
      }),
    ),
    base_url: Type.Optional(Type.String({ description: 'Its address, honoured as it is given.' })),
    api_keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Keys; the first is used. None: called without one.' }),
    ),
    auth: Type.Optional(
      Type.Union([Type.Literal('provider'), Type.Literal('client')], {
        description: "`client`: the caller's own key is passed on instead of one from here.",
      }),
    ),
    auth_header: Type.Optional(
      Type.Union([Type.Literal('authorization'), Type.Literal('x-api-key')], {
        description: 'The header that carries the key.',
      }),
    ),
    headers: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Sent with every request.' })),
    models: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description: 'The models it serves. Without a list any name is passed on.',
      }),
    ),
    normalise: Type.Optional(
      Type.Boolean({ description: 'Its stream is not the dialect to the letter: always decode and encode again.' }),
    ),
    max_tokens_field: Type.Optional(Type.Union([Type.Literal('max_tokens'), Type.Literal('max_completion_tokens')])),
    thinking: Type.Optional(Type.Union([Type.Literal('budget'), Type.Literal('adaptive')])),
  },
  { additionalProperties: false },
)

export type ProviderOptions = Static<typeof providerOptions>
