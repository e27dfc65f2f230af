import { SluiceError } from '../errors/index.ts'
import { type Route, type RoutingTable, resolve } from '../routing/index.ts'
import type { JsonObject } from '../tokens/index.ts'

/** @throws SluiceError `invalid_request` */
export function readModel(json: JsonObject): string {
  if (typeof json.model === 'string' && json.model !== '') return json.model
  const found =
    json.model === undefined || json.model === null ? 'is missing' : json.model === '' ? 'is empty' : 'is no text'
  throw new SluiceError('invalid_request', `cannot route the request: \`model\` ${found}; name one of GET /v1/models`, {
    param: 'model',
  })
}

export function readStream(json: JsonObject, byDefault: boolean): boolean {
  if (typeof json.stream === 'boolean') return json.stream
  if (json.stream === undefined || json.stream === null) return byDefault
  throw new SluiceError(
    'invalid_request',
    `cannot read the request: \`stream\` must be true or false, but it is neither`,
    {
      param: 'stream',
    },
  )
}

/**
 * Where a name leads. A tag that only says "none of the others" is no part of it, unless there is just that name.
 *
 * @throws SluiceError `unknown_model`
 */
export function routeTo(name: string, table: RoutingTable, defaultTag: string | undefined): Route {
  if (defaultTag === undefined || !name.endsWith(defaultTag)) return resolve(name, table)
  try {
    return resolve(name.slice(0, -defaultTag.length), table)
  } catch {
    return resolve(name, table)
  }
}
