import { SluiceError } from '../errors/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'
import { ownerOf } from './owner.ts'
import { page } from './response-items.ts'
import type { StoredResponses } from './stored-responses.ts'

/** What is asked of a stored response. */
export interface StoredQuestion {
  action: 'get' | 'delete' | 'cancel' | 'items'
  id: string
}

/** @throws SluiceError `unknown_response`, `unsupported`, `invalid_request` */
export async function answerStored(
  responses: StoredResponses,
  exchange: Exchange,
  { action, id }: StoredQuestion,
): Promise<JsonObject> {
  const owner = ownerOf(exchange)
  switch (action) {
    case 'get': {
      const response = await responses.response(owner, id)
      if (exchange.query.get('stream') !== 'true') return response
      throw new SluiceError(
        'unsupported',
        'cannot stream the response: it was not created with `background`, so it is over; leave `stream` out',
        { param: 'stream' },
      )
    }
    case 'delete':
      await responses.delete(owner, id)
      return { id, object: 'response', deleted: true }
    case 'items':
      return page(await responses.inputOf(owner, id), exchange.query)
    case 'cancel':
      await responses.response(owner, id)
      throw new SluiceError(
        'unsupported',
        'cannot cancel the response: only one that was created with `background` can be; close the connection to cancel a stream',
      )
  }
}
