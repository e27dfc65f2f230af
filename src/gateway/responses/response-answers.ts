import { SluiceError } from '../../errors/index.ts'
import type { JsonObject } from '../../tokens/index.ts'
import type { Exchange } from '../exchange.ts'
import { ownerOf } from '../owner.ts'
import type { BackgroundResponse } from './background-response.ts'
import type { BackgroundResponses } from './background-responses.ts'
import { page } from './response-items.ts'
import type { StoredResponses } from './stored-responses.ts'

/** What is asked of a stored response. */
export interface StoredQuestion {
  action: 'get' | 'delete' | 'cancel' | 'items'
  id: string
}

export interface AnsweringHouse {
  responses: StoredResponses
  background: BackgroundResponses
}

/** @throws SluiceError `unknown_response`, `unsupported`, `invalid_request` */
export async function answerStored(
  { responses, background }: AnsweringHouse,
  exchange: Exchange,
  { action, id }: StoredQuestion,
): Promise<JsonObject> {
  const owner = ownerOf(exchange)
  switch (action) {
    case 'get':
      return responses.response(owner, id)
    case 'delete': {
      const response = await responses.response(owner, id)
      if (isRunning(response) && !background.find(owner, id)) throw elsewhere('delete')
      background.delete(owner, id)
      await responses.delete(owner, id)
      return { id, object: 'response', deleted: true }
    }
    case 'items':
      return page(await responses.inputOf(owner, id), exchange.query)
    case 'cancel': {
      const response = await responses.response(owner, id)
      if (response.background !== true) {
        throw new SluiceError(
          'unsupported',
          'cannot cancel the response: only one that was created with `background` can be; close the connection to cancel a stream',
        )
      }
      if (!isRunning(response)) return response
      const here = background.find(owner, id)
      if (!here) throw elsewhere('cancel')
      here.cancel()
      return responses.response(owner, id)
    }
  }
}

/** Whether the events of a response are asked for, and not the response itself. */
export function wantsEvents({ method, query }: Exchange): boolean {
  return method === 'GET' && query.get('stream') === 'true'
}

/**
 * The response whose events are asked for, and the number of the first one.
 *
 * @throws SluiceError `unknown_response`, `unsupported`, `invalid_request`, `events_dropped`
 */
export async function followStored(
  { responses, background }: AnsweringHouse,
  exchange: Exchange,
  id: string,
): Promise<{ response: BackgroundResponse; from: number }> {
  const owner = ownerOf(exchange)
  const stored = await responses.response(owner, id)
  if (stored.background !== true) {
    throw new SluiceError(
      'unsupported',
      'cannot stream the response: it was not created with `background`, so it is over; leave `stream` out',
      { param: 'stream' },
    )
  }
  const from = firstNumber(exchange.query)
  const response = background.find(owner, id)
  if (!response && isRunning(stored)) throw elsewhere('stream')
  if (response && from >= response.log.first) return { response, from }
  const kept = response
    ? `those before number ${response.log.first} are not kept any more`
    : 'they are not kept any more'
  throw new SluiceError('events_dropped', `cannot stream the response: of its events, ${kept}; leave \`stream\` out`, {
    param: 'starting_after',
  })
}

function isRunning({ status }: JsonObject): boolean {
  return status === 'queued' || status === 'in_progress'
}

function firstNumber(query: URLSearchParams): number {
  const after = query.get('starting_after')
  if (after === null) return 0
  if (/^\d{1,15}$/.test(after)) return Number(after) + 1
  throw new SluiceError(
    'invalid_request',
    'cannot stream the response: `starting_after` must be the number of an event, 0 or more',
    { param: 'starting_after' },
  )
}

function elsewhere(action: string): SluiceError {
  return new SluiceError(
    'unsupported',
    `cannot ${action} the response: it is running in another process that shares this state; wait for its end, or ask there`,
  )
}
