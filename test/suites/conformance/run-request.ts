import { isDeepStrictEqual } from 'node:util'
import type { JsonObject } from '../../../src/tokens/index.ts'
import { askedBy } from './conversation.ts'
import type { Form, Outcome, RequestFeature } from './feature.ts'
import { grade, refused, unsayable, unsupported } from './outcome.ts'
import { bodyOf, requestOf, send } from './send.ts'
import { readRequest } from './wire.ts'

/** From the client's body to the provider's. */
export function runRequest(feature: RequestFeature, client: string, upstream: string, form: Form): Outcome {
  const request = requestOf(client, form, askedBy(feature, client))
  const want = 'want' in feature ? feature.want : feature.read(request)
  let body: JsonObject | undefined
  let said: unknown
  // Some fields are written only for a request that came from elsewhere, others only for one of the same language.
  for (const dialect of [client, 'another']) {
    try {
      const fields = dialect === request.extra.dialect ? request.extra.fields : {}
      const written = bodyOf(client, { ...request, extra: { dialect, fields } }, feature.edit)
      said = feature.read(readRequest(client, written, request))
      // What is mended on the way cannot be asked of the client.
      if (!feature.edit && !isDeepStrictEqual(said, want)) continue
      body = written
      break
    } catch (error) {
      said = unsupported(error).message
    }
  }
  if (!body) return unsayable('client', said)
  try {
    const { encoded, warnings } = send(client, upstream, body, request)
    const found = feature.read(readRequest(upstream, encoded.body, request))
    return grade(found, want, warnings, feature.told)
  } catch (error) {
    return refused(error)
  }
}
