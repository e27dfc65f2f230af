import type { ProviderLessons } from '../capabilities/index.ts'
import type { Asked, Dialect } from '../dialects/index.ts'
import { continueRequest, type Delivered } from '../resume/index.ts'
import type { Soon } from '../storage/index.ts'
import type { ChatRequest } from '../tokens/index.ts'
import type { Exchange } from './exchange.ts'
import type { House } from './house.ts'
import { type Lessons, offersTools } from './lessons.ts'
import type { Plan, Routed } from './plan.ts'
import { type PlanOptions, plan } from './planning.ts'
import type { RequestBody } from './request-body.ts'
import { chooseWay, demandsNative, policyOf, type Way } from './way.ts'

export interface PlannedAttempt {
  house: House
  exchange: Exchange
  client: Dialect
  asked: Asked
  /** Whose the request is. */
  owner: () => string
  body: RequestBody
  routed: Routed
  /** What is known of the target's provider, and what this request has taught of it. */
  known: ProviderLessons
  lessons: Lessons | undefined
  /** What another target has begun, where this one is to go on with it. */
  delivered: Delivered | undefined
}

/**
 * How one target is asked, in the light of what is known of it. A promise only where state is in a store that takes its time,
 * or a transformer takes its own.
 *
 * @throws SluiceError `invalid_request`, `unsupported`, `not_supported`
 */
export function planAttempt(attempt: PlannedAttempt): Soon<Plan> {
  const { house, client, owner } = attempt
  // Both plans go one way: to ask a second time could be answered otherwise.
  const chosen: { way?: Way } = {}
  if (!client.client.rebuildsHistory) return makePlan(attempt, chosen)
  const pending: { state?: Promise<void> | undefined } = {}
  const planned = makePlan(attempt, chosen, (request) => {
    pending.state = house.memory.restore(owner, request)
  })
  if (!pending.state) return planned
  // Nobody waits for the first plan any more.
  if (planned instanceof Promise) planned.catch(() => {})
  return pending.state.then(() => makePlan(attempt, chosen, (request) => house.memory.restoreKnown(owner, request)))
}

function makePlan(
  { house, exchange, client, asked, body, routed, known, lessons, delivered }: PlannedAttempt,
  chosen: { way?: Way },
  restore?: (request: ChatRequest) => void,
): Soon<Plan> {
  const { provider, target, stream, alias } = routed
  const policy = policyOf(house.streaming, provider, target.model)
  const choose = (whole = false) => {
    if (chosen.way && !whole) return chosen.way
    const wish = {
      stream,
      tools: !target.traits.emulateTools && offersTools(body.json),
      nativeOnly: stream && demandsNative(exchange),
      streamRefused: whole || lessons?.streamRefused === true,
    }
    const way = chooseWay(known, provider, target, wish, policy)
    if (!whole) chosen.way = way
    return way
  }
  const clientKey = house.clientKeys.nameOf(exchange)
  const chain = house.chains.find({ provider: provider.name, model: target.model, alias, clientKey })
  const options: PlanOptions = { policy, choose, chain, clientKey, ...(restore && { restore }) }
  if (delivered) {
    options.rewrite = (request, to, { upstream }) => {
      const prefill = upstream.prefills?.(to) === true && known.can(to.model, 'prefill') !== false
      delivered.prefilled = prefill
      continueRequest(request, { text: delivered.text, prefill })
    }
  }
  return plan(client, body, routed, asked, options)
}
