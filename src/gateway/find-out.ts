import type { JsonObject } from '../tokens/index.ts'
import { answerAdmin } from './admin.ts'
import type { Arrival } from './arrival.ts'
import { readModel } from './asked-model.ts'
import { type CountAnswer, count } from './count.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { readRequestBody } from './request-body.ts'
import type { ResponseDesk } from './responses/response-desk.ts'
import type { Endpoint } from './routes.ts'
import type { Tenure } from './tenure.ts'

export interface Question {
  arrival: Arrival
  endpoint: Endpoint
  tenure: Tenure
  desk: ResponseDesk
  /** What there is to say of the gateway itself. */
  status: () => JsonObject
  /** The client has left. */
  signal: AbortSignal
}

/**
 * What is asked that is no chat: the size of a prompt, the models, stored responses, and what operators ask.
 *
 * @throws SluiceError of many kinds
 */
export async function findOut({ arrival, endpoint, tenure, desk, status, signal }: Question): Promise<CountAnswer> {
  const { exchange, dialect } = arrival
  const { house } = tenure
  const { operation, stored, admin, model = '', asked } = endpoint
  if (operation === 'count') return count(house, exchange, dialect, { ...asked, operation: 'count' }, signal)
  if (admin) return good(await answerAdmin(house, exchange, admin, model, status))
  if (stored) return good(await desk.answer(exchange, stored))
  const { client } = dialect
  const named = exchange.method === 'POST' ? await namedModel(house, exchange) : endpoint.model
  if (named !== undefined)
    return good(client.encodeModel(await tenure.models.entry(exchange, named, client.defaultTag)))
  return good(client.encodeModels(await tenure.models.entries(exchange), exchange.query))
}

function good(body: JsonObject): CountAnswer {
  return { status: 200, headers: {}, body }
}

/** The model that a question about one names in its body. */
async function namedModel({ limits }: House, exchange: Exchange): Promise<string> {
  const { json } = await readRequestBody(exchange, { bytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs })
  // Clients of long ago call it by its other name.
  return readModel(json.model === undefined ? { model: json.name } : json)
}
