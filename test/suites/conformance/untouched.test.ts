import { describe, expect, it } from 'vitest'
import { eventParser } from '../../../src/pipeline/index.ts'
import { fold } from '../../../src/tokens/index.ts'
import { askedBy } from './conversation.ts'
import { clientDialect, clientNames, targetOf } from './parties.ts'
import { replyFeatures } from './reply-features.ts'
import { requestFeatures } from './request-features.ts'
import { bodyOf, requestOf } from './send.ts'
import { settingFeatures } from './setting-features.ts'
import { providerReply, providerStream, readStream } from './wire.ts'

const requests = [...requestFeatures, ...settingFeatures]
const replies = replyFeatures.filter(({ disturbed }) => disturbed === undefined)

// What the tables of docs/dialects.md leave out: with one language at both ends nothing is translated.
describe.each(clientNames)('with %s at both ends nothing is touched', (name) => {
  const { client, upstream } = clientDialect(name)

  it.each(requests.map((feature) => [feature.name, feature] as const))('of a request: %s', (_, feature) => {
    let body: ReturnType<typeof bodyOf>
    try {
      body = bodyOf(name, requestOf(name, 'whole', askedBy(feature, name)), feature.edit)
    } catch {
      // The language has no words for it.
      return
    }
    const named = body.model === undefined ? body : { ...body, model: 'asked-for' }
    const text = JSON.stringify({ ...named, brand_new_field: { keeps: ['its', 'place'] } })
    const adopted = upstream.adoptRequest(text, JSON.parse(text), targetOf(name))
    expect(adopted).toEqual({
      text: text.replace('"asked-for"', JSON.stringify(targetOf(name).model)),
      usageAdded: false,
    })
  })

  it.each(replies.map((feature) => [feature.name, feature] as const))('of an answer: %s', (_, feature) => {
    const choices = feature.asked?.choices ?? 1
    const tokens = feature.tokens(name as Parameters<typeof feature.tokens>[0])
    const bytes = providerStream(name, tokens, {})
    const observer = upstream.observeStream({ dropUsage: false, choices })
    const parser = eventParser(client.framing().name)
    const held: string[] = []
    parser.push(bytes, (event) => {
      if (!observer.see(event)) held.push(event.data)
    })
    const read = readStream(name, bytes, 'client', { choices })
    // Where an ending has no word but that of a failure, it is handled as one.
    if (read.at(-1)?.type === 'error') {
      expect([observer.error?.code, held.length]).toEqual(['upstream_server', 1])
      return
    }
    expect({ held, error: observer.error, finished: observer.finished, added: observer.complete() }).toEqual({
      held: [],
      error: undefined,
      finished: true,
      added: [],
    })
    const reply = fold(read)
    expect(observer.finish).toBe(reply.choices[0]?.finish.reason)
    expect(observer.usage).toEqual(reply.usage)
    const facts = upstream.observeReply(providerReply(name, fold(tokens)))
    expect([facts.finish, facts.usage?.input, facts.usage?.output]).toEqual([
      reply.choices[0]?.finish.reason,
      reply.usage?.input,
      reply.usage?.output,
    ])
  })
})
