import { SluiceError } from '../errors/index.ts'
import { isJsonObject, type JsonObject } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'

/** A client's body as text and as JSON. The text is kept: an untouched request goes on as it was written. */
export interface RequestBody {
  text: string
  json: JsonObject
}

/**
 * A body of which only the text is kept, for the case that it is needed once more: as objects it takes several times the
 * room, and most requests are sent once.
 */
export class TextBody implements RequestBody {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  get json(): JsonObject {
    return JSON.parse(this.text) as JsonObject
  }
}

const decoder = new TextDecoder()

/** @throws SluiceError `invalid_json`, and what reading the body throws */
export async function readRequestBody(
  exchange: Exchange,
  limit: { bytes: number; timeoutMs: number },
): Promise<RequestBody> {
  return parseBody(await exchange.body(limit))
}

/** @throws SluiceError `invalid_json` */
export function parseBody(bytes: Uint8Array): RequestBody {
  const text = decoder.decode(bytes)
  const json = parse(text)
  if (isJsonObject(json)) return { text, json }
  throw new SluiceError('invalid_json', 'cannot read the request: the body is JSON, but not an object')
}

function parse(text: string): unknown {
  if (text.trim() === '') {
    throw new SluiceError('invalid_json', 'cannot read the request: the body is empty; send a JSON object')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    // The engine quotes the text around the fault, and a log or an error must not hold a prompt.
    const where = /position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0]
    throw new SluiceError(
      'invalid_json',
      `cannot read the request: the body is not JSON${where ? ` (fault at ${where})` : ''}`,
    )
  }
}
