import { describe, expect, it } from 'vitest'
import { openHouse } from './house.ts'
import { hello, pairsOf, titled } from './pairs.ts'

const endless = { steps: [{ text: 'first' }, { repeat: 10_000, text: ' more', pace: 10 }] }

describe('a client that leaves takes the upstream call with it', () => {
  it.each(titled(pairsOf({ stream: true })))('in the middle of a stream: %s', async (_, pair) => {
    const house = await openHouse({ script: endless })
    if (pair.client === 'openai-chat') {
      const stream = await house.openai.chat.completions.create({ ...hello.chat, model: pair.model(), stream: true })
      for await (const { choices } of stream) if (choices[0]?.delta.content === 'first') stream.controller.abort()
    } else {
      const stream = house.anthropic.messages.stream({ ...hello.messages, model: pair.model(), max_tokens: 100 })
      stream.on('text', () => stream.abort())
      await expect(stream.finalMessage()).rejects.toThrow(/abort/i)
    }
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true, finished: false })
  })

  it.each(titled(pairsOf({})))('before the first byte of the answer: %s', async (_, pair) => {
    const house = await openHouse({ script: { ...endless, headDelay: '10s' } })
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const body = { model: pair.model(), stream: pair.stream }
    const asked: Promise<unknown> =
      pair.client === 'openai-chat'
        ? house.openai.chat.completions.create({ ...hello.chat, ...body }, options)
        : house.anthropic.messages.create({ ...hello.messages, ...body, max_tokens: 100 }, options)
    const outcome = asked.then(
      () => 'answered',
      (error: Error) => error.message,
    )
    await expect.poll(() => house.scripted.requests.length, { interval: 5 }).toBe(1)
    controller.abort()
    expect(await outcome).toMatch(/abort/i)
    expect(await house.scripted.aborted(0)).toMatchObject({ aborted: true, status: 0 })
  })
})
