import { type Static, Type } from 'typebox'
import { authHeaders } from './provider.ts'
import { modelQuirkOptions, quirkOptions } from './quirk-options.ts'

/** What a header can carry, without white space. */
const plainText = '^[\\x21-\\x7e]+$'

/** What projects are called, those of an organisation included. */
const plainName = '^[a-z0-9.:-]+$'

/** One `[[providers]]` table of the configuration. */
export const providerOptions = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'How this provider is called in `provider/model`.',
    }),
    kind: Type.Optional(
      Type.String({
        description: 'A preset to start from, or `ai-sdk` for an installed package. Default: the name, if it is one.',
      }),
    ),
    package: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'With `kind = "ai-sdk"`: the package of the AI SDK that is called, such as `@ai-sdk/openai`.',
      }),
    ),
    create: Type.Optional(
      Type.String({
        minLength: 1,
        description: "The package's function that makes a provider. Default: the one whose name begins with `create`.",
      }),
    ),
    method: Type.Optional(
      Type.String({
        minLength: 1,
        description: "The provider's method that makes a model, such as `chat`. Default: `languageModel`.",
      }),
    ),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: "What the package's function is given, beside `apiKey` and `baseURL`.",
      }),
    ),
    provider_options: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'What the package is told with every call, under its own name: `providerOptions` of the AI SDK.',
      }),
    ),
    cache_options: Type.Optional(
      Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
        description: 'The same of a part behind which the prompt is cached. Default: such marks are left out.',
      }),
    ),
    dialect: Type.Optional(
      Type.Union(
        [
          Type.Literal('openai-chat'),
          Type.Literal('openai-responses'),
          Type.Literal('anthropic-messages'),
          Type.Literal('bedrock-converse'),
          Type.Literal('gemini'),
          Type.Literal('ollama'),
        ],
        {
          description: "The wire language of its API. Default: the preset's.",
        },
      ),
    ),
    base_url: Type.Optional(
      Type.String({
        description: "Its address, honoured as it is given; `{model}` in it stands for the model's name.",
      }),
    ),
    query: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'Stands behind every address, e.g. `api-version`.' }),
    ),
    api_keys: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'Keys; the first is used. None: called without one.' }),
    ),
    auth: Type.Optional(
      Type.Union([Type.Literal('provider'), Type.Literal('client')], {
        description: "`client`: the caller's own key is passed on instead of one from here.",
      }),
    ),
    auth_header: Type.Optional(
      Type.Enum(authHeaders, {
        description: 'The header that carries the key: `authorization` as a bearer token, the others as it is.',
      }),
    ),
    region: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9-]+$',
        description: 'The region of AWS, in whose address and signature it stands.',
      }),
    ),
    aws_access_key_id: Type.Optional(
      Type.String({
        pattern: plainText,
        description: 'With the secret beside it: requests are signed, in place of a key.',
      }),
    ),
    aws_secret_access_key: Type.Optional(Type.String({ minLength: 1 })),
    aws_session_token: Type.Optional(
      Type.String({ pattern: plainText, description: 'Belongs to keys that are lent for a while.' }),
    ),
    project: Type.Optional(
      Type.String({
        pattern: plainName,
        description:
          "The project of Google Cloud: requests go below it, with tokens of Google's where there is no key.",
      }),
    ),
    location: Type.Optional(
      Type.String({ pattern: '^[a-z0-9-]+$', description: 'Where the project is asked. Default: `global`.' }),
    ),
    google_credentials: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "The file of Google's credentials, such as the key of a service account. Default: where `gcloud` leaves them.",
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
    thinking: Type.Optional(Type.Union([Type.Literal('budget'), Type.Literal('adaptive'), Type.Literal('level')])),
    uploads: Type.Optional(
      Type.Boolean({
        description: 'Pictures and files are uploaded first, where its chat takes none (`straico`). Default: refused.',
      }),
    ),
    transformers: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), { description: 'What changes its requests and answers, in order.' }),
    ),
    quirks: Type.Optional(quirkOptions),
    model_quirks: Type.Optional(
      Type.Array(modelQuirkOptions, {
        description: 'How some of its models differ; the last that says a thing counts.',
      }),
    ),
  },
  { additionalProperties: false },
)

export type ProviderOptions = Static<typeof providerOptions>
