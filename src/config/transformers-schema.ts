import { Type } from 'typebox'
import { durationPattern, longestMs } from './units.ts'

const texts = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description }))

/** The names of transformers, in the order in which they work. */
export const transformerNames = (description: string) =>
  Type.Optional(Type.Array(Type.String({ minLength: 1 }), { description }))

/** `[[transformers]]` */
export const transformerOptions = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'How lists of transformers call it. That of one that sluice brings changes that one.',
    }),
    use: Type.Optional(
      Type.String({ minLength: 1, description: 'One that sluice brings. Default: the name, if it is one.' }),
    ),
    module: Type.Optional(
      Type.String({ minLength: 1, description: 'A file whose default is a transformer of your own, beside this one.' }),
    ),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), {
        description: 'What it is made with; `sluice transformers` lists it.',
      }),
    ),
    models: texts('It works for these models without being named in a list: `provider/model`, with `*` for any part.'),
    client_keys: texts('The same for clients whose key has one of these names; with `models` both have to hold.'),
    on_error: Type.Optional(
      Type.Enum(['fail', 'skip'], {
        description: 'What a fault of a module does: `fail` breaks the request, `skip` leaves it as it was.',
      }),
    ),
    timeout: Type.Optional(
      Type.Union([Type.String({ pattern: durationPattern }), Type.Integer({ minimum: 1, maximum: longestMs })], {
        title: 'duration',
        description: 'How long a module may work on a request.',
      }),
    ),
  },
  { additionalProperties: false },
)
