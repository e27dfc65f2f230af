import { expect, it } from 'vitest'
import { openHouse } from './house.ts'

const ask = [{ role: 'user' as const, content: 'hello' }]

// `_request_id` is what people put into a ticket; the SDKs read it from a header that each vendor names differently.
it.each(['oa', 'an'])('an answer of %s carries its request id where each SDK looks for it', async (provider) => {
  const house = await openHouse({
    script: { steps: [{ text: 'hi' }], headers: { 'x-request-id': 'of-the-vendor', 'request-id': 'of-the-vendor' } },
  })
  const model = `${provider}/m`
  const chat = await house.openai.chat.completions.create({ model, messages: ask })
  const message = await house.anthropic.messages.create({ model, max_tokens: 9, messages: ask })
  expect([chat._request_id, message._request_id]).toEqual(['of-the-vendor', 'of-the-vendor'])
})

it('a refusal of sluice itself carries an id in the error that the SDKs throw', async () => {
  const house = await openHouse()
  const model = 'nobody/nothing'
  const requestIdOf = (error: unknown) => (error as { requestID?: string }).requestID
  const chat = await house.openai.chat.completions.create({ model, messages: ask }).catch(requestIdOf)
  const message = await house.anthropic.messages.create({ model, max_tokens: 9, messages: ask }).catch(requestIdOf)
  expect([chat, message]).toEqual([expect.stringMatching(/^req_/), expect.stringMatching(/^req_/)])
})
