import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { parse, text } from '../lenient.ts'
import { oneLine } from '../one-line.ts'
import { decodeError as decodeBody, errorFrom } from '../openai-error.ts'
import { dialect } from './wire.ts'

/**
 * A refusal, which comes as what a package makes of one: `{ message, body }`, with the provider's own answer as the
 * text `body`. Its words are those of any vendor, so that only the common ones are looked for.
 */
export function decodeError(status: number, answer: string): SluiceError {
  const json = parse(answer)
  if (!isJsonObject(json) || (json.body === undefined && json.message === undefined)) {
    return decodeBody(status, answer, dialect)
  }
  const body = text(json, 'body') ?? ''
  const inner = parse(body)
  const error = errorIn(inner)
  // A package that cannot read a page says no more than the words of its status.
  const said = inner === undefined && body.trim() !== '' ? oneLine(body) : text(json, 'message')
  return decodeBody(status, JSON.stringify({ error: { ...named(error), message: said ?? '' } }), dialect)
}

/** What stands in a part of type `error`: an error of a package, what its vendor sent, or a text. */
export function decodeErrorPart(thrown: Json | undefined): SluiceError {
  if (typeof thrown === 'string') return errorFrom({ error: { message: thrown } }, dialect)
  if (!isJsonObject(thrown)) return errorFrom({ error: { message: '' } }, dialect)
  const name = text(thrown, 'name') ?? ''
  const error = errorIn(thrown) ?? thrown
  const message = text(error, 'message') ?? text(thrown, 'message') ?? ''
  if (unreadable.test(name)) {
    const code = cutShort.test(message) ? 'upstream_truncated' : 'upstream_protocol'
    return new SluiceError(code, `cannot read the answer: ${oneLine(message) || name}`, {
      upstream: { dialect },
    })
  }
  const { statusCode } = thrown
  const inner = named(error)
  const code = typeof statusCode === 'number' ? statusCode : inner.code
  return errorFrom({ error: { ...inner, ...(code !== undefined && { code }), message } }, dialect)
}

/** Errors of a package about what it was sent. */
const unreadable = /JSONParseError|TypeValidationError|InvalidResponseData/

/** What a package says of a stream whose end did not come. */
const cutShort = /\bended (without|before)\b/i

/** The object that says what went wrong, in the answer of any vendor. */
function errorIn(body: Json | undefined): JsonObject | undefined {
  const root = Array.isArray(body) ? body[0] : body
  if (!isJsonObject(root)) return undefined
  return isJsonObject(root.error) ? root.error : root
}

function named(error: JsonObject | undefined): JsonObject {
  const named: JsonObject = {}
  for (const field of ['type', 'code', 'status', 'param']) {
    const value = error?.[field]
    if (typeof value === 'string' && value !== '') named[field === 'status' ? 'code' : field] = value
  }
  return named
}
