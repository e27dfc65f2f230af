import { BadRequestError } from '@anthropic-ai/sdk'
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema'
import { expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { type House, openHouse } from './house.ts'

// The provider of a thread sees only new messages, so a script cannot tell by them how far the conversation is.
const call = { tool: 'look', arguments: { at: 'a' }, id: 'toolu_A' }
const loop: Script = { turns: [{ steps: [call] }, { steps: [{ text: 'Saw {{tool_result}}.' }] }] }

function runner({ anthropic }: House, model: string, stream: boolean) {
  return anthropic.beta.messages.toolRunner({
    model,
    stream,
    max_tokens: 100,
    max_iterations: 2,
    messages: [{ role: 'user', content: 'Look around.' }],
    tools: [
      betaTool({
        name: 'look',
        description: 'Look there',
        inputSchema: { type: 'object', properties: { at: { type: 'string' } } },
        run: () => 'a wall',
      }),
    ],
  })
}

it.each([true, false])("Anthropic's threads go to Anthropic as they are, streamed %s", async (stream) => {
  const house = await openHouse({ script: { steps: [call], id: 'msg_first' } })
  await runner(house, 'an/claude-loop', stream).runUntilDone()
  expect(house.sent(0)).toMatchObject({ thread: { type: 'create' }, messages: [{ role: 'user' }] })
  expect(house.sent(1)).toMatchObject({
    thread: { type: 'continue', previous_message_id: 'msg_first' },
    messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_A', content: 'a wall' }] }],
  })
  expect(house.sent(1)).not.toHaveProperty('tools')
  expect(house.scripted.requests[0]?.headers['anthropic-beta']).toMatch(/message-threads/)
})

it.each([true, false])(
  'a runner that starts a thread goes on without one where no thread can be kept, streamed %s',
  async (stream) => {
    const house = await openHouse({ script: loop })
    const { content } = await runner(house, 'oa/loop', stream).runUntilDone()
    expect(content).toMatchObject([{ type: 'text', text: 'Saw a wall.' }])
    // The refused request called nobody.
    expect(house.scripted.requests).toHaveLength(2)
    expect(house.sent().messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'toolu_A' }] },
      { role: 'tool', tool_call_id: 'toolu_A', content: 'a wall' },
    ])
  },
)

it('a thread that is asked for by hand is refused in the words that clients read', async () => {
  const house = await openHouse({ script: loop })
  const thread = house.anthropic.beta.messages.thread({ model: 'oa/loop', max_tokens: 100 })
  const refused = await thread.send({ role: 'user', content: 'Hi' }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(BadRequestError)
  expect(refused).toMatchObject({ status: 400, errorCode: 'thread_unsupported_request' })
  expect(house.scripted.requests).toHaveLength(0)
})
