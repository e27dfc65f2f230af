import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../../src/errors/index.ts'
import { type ChatReply, type ChatRequest, fold } from '../../../src/tokens/index.ts'
import { arbitraryRequest } from '../../properties/arbitrary-request.ts'
import { arbitraryTokens } from '../../properties/arbitrary-tokens.ts'
import { facets } from './facets.ts'
import type { Grade } from './feature.ts'
import { losses } from './losses.ts'
import { clientNames, upstreamNames } from './parties.ts'
import { bodyOf, requestOf, send } from './send.ts'
import { clientStream, providerStream, readRequest, readStream } from './wire.ts'

const pairs = clientNames.flatMap((client) => upstreamNames.map((upstream) => ({ client, upstream })))

/** Whether the tables say it of one of these features. */
function isLost(features: readonly string[], client: string, upstream: string | undefined, grade: Grade): boolean {
  return losses.some(
    (loss) =>
      loss.grade === grade &&
      features.some((name) => loss.features.includes(name)) &&
      (loss.clients?.includes(client) ?? true) &&
      (upstream === undefined ? loss.mute === 'client' : (loss.upstreams?.includes(upstream) ?? true)),
  )
}

/** The request without what the client's language has no words for. */
function sayable(client: string, request: ChatRequest): ChatRequest {
  for (const { features, without } of Object.values(facets)) {
    for (const feature of features) if (isLost([feature], client, undefined, 'n/a')) without?.(request)
  }
  if (isLost(['temperature over 1'], client, undefined, 'n/a') && Number(request.sampling.temperature) > 1) {
    request.sampling.temperature = 1
  }
  return request
}

describe.each(pairs)('$client to $upstream', ({ client, upstream }) => {
  it('whatever is asked, nothing of it changes but what the tables say', () => {
    fc.assert(
      fc.property(arbitraryRequest, (more) => {
        const request = sayable(client, requestOf(client, 'streamed', more))
        const body = bodyOf(client, request)
        let found: ChatRequest
        let said: ChatRequest
        let told: string[]
        try {
          const sent = send(client, upstream, body, request)
          said = sent.read
          found = readRequest(upstream, sent.encoded.body, request)
          told = sent.warnings.map(({ field }) => field)
        } catch (error) {
          if (!SluiceError.is(error) || error.code !== 'unsupported') throw error
          const asked = Object.values(facets).filter(({ read }) => read(request) !== undefined)
          const refused = asked
            .flatMap(({ features }) => features)
            .filter((one) => isLost([one], client, upstream, 'refused'))
          expect(refused, error.message).not.toEqual([])
          return
        }
        const changed = Object.entries(facets).filter(([name, { read, features, told: named }]) => {
          if (isDeepStrictEqual(read(found), read(said))) return false
          // Some languages have no request without a ceiling.
          if (name === 'maxOutput' && said.maxOutput === undefined) return false
          return !isLost(features, client, upstream, 'partial') && !(named && told.some((one) => named.test(one)))
        })
        expect(changed.map(([name, { read }]) => [name, read(said), read(found)])).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it('whatever is answered, nothing of it changes but what the tables say', () => {
    const tokens = arbitraryTokens({ choices: 1, customTools: false })
    fc.assert(
      fc.property(tokens, (answer) => {
        const said = readStream(upstream, providerStream(upstream, answer, {}), 'provider', {})
        const found = readStream(
          client,
          clientStream(client, said, undefined, () => {}),
          'client',
          {},
        )
        const [before, after] = [fold(said), fold(found)]
        expect(seen(after)).toEqual(seen(before))
        expect(endOf(after, client)).toMatch(endOf(before, client))
      }),
      { numRuns: 15 },
    )
  })
})

describe.each(clientNames)('a request that is read and written again in %s', (client) => {
  it('says the same the second time', () => {
    fc.assert(
      fc.property(arbitraryRequest, (more) => {
        const request = sayable(client, requestOf(client, 'streamed', more))
        const once = readRequest(client, bodyOf(client, request), request)
        const twice = readRequest(client, bodyOf(client, structuredClone(once)), request)
        for (const [name, { read }] of Object.entries(facets)) expect([name, read(twice)]).toEqual([name, read(once)])
      }),
      { numRuns: 40 },
    )
  })
})

/** What any client can see of an answer: without the order of texts and calls, which some languages do not know. */
function seen({ choices }: ChatReply): object {
  const { parts } = choices[0]!
  const texts = (type: 'text' | 'reasoning'): string =>
    parts.map((part) => (part.type === type ? part.text : '')).join('')
  const calls = parts.flatMap((part) =>
    part.type === 'tool-call' ? [[part.id, part.name, JSON.parse(part.arguments || '{}')]] : [],
  )
  return { text: texts('text'), reasoning: texts('reasoning'), calls }
}

const ends: Record<string, string> = {
  stop_sequence: 'stop',
  unknown: 'stop',
  context_full: 'length',
  paused: 'length',
}

/** The words for how it ended, as far as all languages have one: a refusal is told as a filter where there is no other. */
function endOf({ choices }: ChatReply, client: string): string {
  const { parts, finish } = choices[0]!
  const end = ends[finish.reason] ?? finish.reason
  const plain = end === 'stop' || end === 'tool_calls' || end === 'content_filter'
  if (plain && parts.some((part) => part.type === 'tool-call' || (part.type === 'text' && part.refusal))) return ''
  return client === 'ollama' && end === 'content_filter' ? 'stop' : end
}
