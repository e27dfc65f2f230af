import { expect, it } from 'vitest'
import { openaiChat, openaiResponses } from '../../../src/dialects/index.ts'
import type { JsonObject } from '../../../src/tokens/index.ts'

const tool = (name: string): JsonObject => ({ type: 'function', name, parameters: { type: 'object', properties: {} } })
const target = { model: 'm', vendor: 'v', family: 'f', traits: {} }

/** As Codex writes for newer models: no field `tools`, and all of them in an item of the input. */
const body: JsonObject = {
  model: 'm',
  tools: [tool('look')],
  input: [
    {
      type: 'additional_tools',
      role: 'developer',
      tools: [
        { type: 'namespace', name: 'functions', tools: [tool('look'), { type: 'custom', name: 'exec' }] },
        tool('alone'),
      ],
    },
    { type: 'message', role: 'user', content: 'Hi' },
    { type: 'custom_tool_call', call_id: 'c1', name: 'exec', namespace: 'functions', input: 'ls' },
    { type: 'custom_tool_call_output', call_id: 'c1', output: 'a.txt' },
  ],
}

it('tools that are offered by an item of the input are offered to a model of another API', () => {
  const request = openaiResponses.client.decodeRequest(body)
  expect(openaiResponses.client.leave?.(request)).toEqual([])
  const { body: sent } = openaiChat.upstream.encodeRequest(request, target)
  const names = (sent.tools as JsonObject[]).map((one) => (one.function as JsonObject).name)
  expect(names).toEqual(['look', 'functions__look', 'functions__exec', 'alone'])
  const messages = sent.messages as JsonObject[]
  expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool'])
  expect(JSON.stringify(messages[1])).toContain('functions__exec')
})

it('their calls come back under the names that the client knows', () => {
  const kept = openaiResponses.client.keep?.(body, {})
  expect(kept?.names).toEqual({
    functions__look: { namespace: 'functions', name: 'look' },
    functions__exec: { namespace: 'functions', name: 'exec' },
  })
})

it('are offered as tools of the field where the request has to be written anew for its own API', () => {
  const request = openaiResponses.client.decodeRequest(body)
  const { body: sent } = openaiResponses.upstream.encodeRequest(request, target)
  expect((sent.tools as JsonObject[]).map(({ type, name }) => [type, name])).toEqual([
    ['function', 'look'],
    ['namespace', 'functions'],
    ['function', 'alone'],
  ])
  expect(JSON.stringify(sent.input)).not.toContain('additional_tools')
})

it('an item without tools, or with something else in their place, is no mistake that hides the others', () => {
  const odd = {
    ...body,
    input: [{ type: 'additional_tools' }, { type: 'additional_tools', tools: 7 }, ...(body.input as JsonObject[])],
  }
  expect(openaiResponses.client.decodeRequest(odd).tools.length).toBe(4)
})
