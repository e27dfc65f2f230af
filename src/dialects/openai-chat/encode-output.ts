import type { Json, JsonObject } from '../../tokens/index.ts'
import { takesStrict } from '../json-schema.ts'
import type { Encoding } from './encoding.ts'

/** The form that the answer is to have. A form that the server does not know is asked for in words. */
export function encodeOutput(encoding: Encoding, body: JsonObject): void {
  const { output } = encoding.request
  if (!output) return
  const known = encoding.target.traits.outputs ?? ['json_object', 'json_schema']
  if (output.type === 'json') {
    if (known.includes('json_object')) body.response_format = { type: 'json_object' }
    else ask(encoding, body, 'Answer with one JSON object and nothing else.')
    return
  }
  const { schema, name, description, strict } = output
  if (!known.includes('json_schema')) {
    if (known.includes('json_object')) body.response_format = { type: 'json_object' }
    const about = description === undefined ? '' : `${description}\n`
    const text = `Answer with one JSON object and nothing else. It follows this JSON schema:\n`
    ask(encoding, body, `${text}${about}${JSON.stringify(schema)}`)
    return
  }
  const kept = encoding.own || !strict || takesStrict(schema)
  if (!kept) encoding.changed('response_format', 'the schema is not enforced: it has optional or open properties')
  body.response_format = {
    type: 'json_schema',
    json_schema: {
      name: name ?? 'answer',
      ...(description !== undefined && { description }),
      schema,
      ...(strict !== undefined && kept && { strict }),
    },
  }
}

/** Behind the instructions that are there, so that what the provider has cached of them still fits. */
function ask(encoding: Encoding, body: JsonObject, text: string): void {
  encoding.changed('response_format', 'this provider does not know the form, so the model is asked for it in words')
  const messages = body.messages as JsonObject[]
  const first = messages[0]
  if (first?.role !== 'system' && first?.role !== 'developer') {
    body.messages = [{ role: 'system', content: text }, ...messages]
    return
  }
  const content: Json = Array.isArray(first.content)
    ? [...first.content, { type: 'text', text }]
    : `${first.content as string}\n\n${text}`
  body.messages = [{ ...first, content }, ...messages.slice(1)]
}
