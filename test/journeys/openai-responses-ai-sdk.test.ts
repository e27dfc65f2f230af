import { createOpenAI } from '@ai-sdk/openai'
import { describe, expect, it } from 'vitest'
import type { Script } from '../../src/providers/scripted/index.ts'
import { openHouse } from './house.ts'

type Model = ReturnType<ReturnType<typeof createOpenAI>['responses']>
type Options = Parameters<Model['doStream']>[0]
type Content = Awaited<ReturnType<Model['doGenerate']>>['content']

const tools: Options['tools'] = [
  { type: 'function', name: 'look', inputSchema: { type: 'object', properties: { at: { type: 'string' } } } },
]

/** The parts of a stream, put together as the SDK does it. */
async function streamed(
  model: Model,
  options: Options,
): Promise<{ content: Content; finish: unknown; errors: unknown[] }> {
  const { stream } = await model.doStream(options)
  const content: Content = []
  const open = new Map<string, { text: string }>()
  const errors: unknown[] = []
  let finish: unknown
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const part = next.value
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start': {
        const type = part.type === 'text-start' ? 'text' : 'reasoning'
        const begun = { type, text: '', ...(part.providerMetadata && { providerMetadata: part.providerMetadata }) }
        open.set(type + part.id, begun)
        content.push(begun as Content[number])
        break
      }
      case 'text-delta':
      case 'reasoning-delta':
        open.get(part.type.replace('-delta', '') + part.id)!.text += part.delta
        break
      case 'text-end':
      case 'reasoning-end': {
        const ended = open.get(part.type.replace('-end', '') + part.id)!
        if (part.providerMetadata) Object.assign(ended, { providerMetadata: part.providerMetadata })
        break
      }
      case 'tool-call':
        content.push(part)
        break
      case 'finish':
        finish = part.finishReason.unified
        break
      case 'error':
        errors.push(part.error)
    }
  }
  return { content, finish, errors }
}

/** What the model said, as it goes back to it. */
function history(content: Content): Options['prompt'] {
  const said = content.flatMap((part): object[] => {
    const { providerMetadata, ...more } = part as typeof part & { providerMetadata?: object }
    if (part.type === 'tool-call') {
      return [{ ...more, input: JSON.parse(part.input), providerOptions: providerMetadata }]
    }
    return part.type === 'text' || part.type === 'reasoning' ? [{ ...more, providerOptions: providerMetadata }] : []
  })
  const results = content.flatMap((part) =>
    part.type === 'tool-call'
      ? [
          {
            type: 'tool-result',
            toolCallId: part.toolCallId,
            toolName: part.toolName,
            output: { type: 'text', value: 'seen' },
          },
        ]
      : [],
  )
  return [
    { role: 'assistant', content: said },
    { role: 'tool', content: results },
  ] as unknown as Options['prompt']
}

describe.each(['oa', 'an', 're', 'rn'])(
  'the AI SDK, whose OpenAI provider speaks openai-responses, with %s',
  (upstream) => {
    it.each([true, false])('goes through a loop of tools with its reasoning, streamed: %s', async (stream) => {
      const house = await openHouse({ script: loop, strict: true })
      const openai = createOpenAI({ apiKey: 'client-key', baseURL: `${house.sluice.url}/v1` })
      const model = openai.responses(`${upstream}/gpt-5`)
      const options: Options = {
        prompt: [{ role: 'user', content: [{ type: 'text', text: 'go' }] }],
        tools,
        providerOptions: {
          openai: { store: false, reasoningSummary: 'auto', include: ['reasoning.encrypted_content'] },
        },
      }
      const ask = async () => {
        if (stream) return streamed(model, options)
        const { content, finishReason } = await model.doGenerate(options)
        return { content, finish: finishReason.unified, errors: [] }
      }
      const first = await ask()
      expect(first.errors).toEqual([])
      expect(first.content).toMatchObject([
        { type: 'reasoning', text: 'think one' },
        { type: 'text', text: 'Let me look.' },
        { type: 'tool-call', toolName: 'look', input: '{"at":"a"}' },
      ])
      expect(first.finish).toBe('tool-calls')
      options.prompt = [...options.prompt, ...history(first.content)]
      const second = await ask()
      expect(second).toMatchObject({ content: [{ type: 'text', text: 'Done.' }], finish: 'stop', errors: [] })
      const sent = JSON.stringify(house.sent())
      expect(sent).toContain('sig-1')
      expect(sent).toContain('think one')
      expect(sent).toContain('seen')
    })

    it('reads an error inside a stream', async () => {
      const house = await openHouse({
        script: { steps: [{ text: 'a b c d e f' }], fault: { errorEvent: { message: 'oh no' }, afterEvents: 9 } },
      })
      const openai = createOpenAI({ apiKey: 'client-key', baseURL: `${house.sluice.url}/v1` })
      const options: Options = { prompt: [{ role: 'user', content: [{ type: 'text', text: 'go' }] }] }
      const { errors, finish } = await streamed(openai.responses(`${upstream}/m`), options)
      expect(finish).toBe('error')
      expect(JSON.stringify(errors)).toContain(upstream === 'oa' || upstream === 'an' ? 'oh no' : '')
    })
  },
)

const loop: Script = {
  turns: [
    {
      steps: [
        { reasoning: 'think one', signature: 'sig-1' },
        { text: 'Let me look.' },
        { tool: 'look', arguments: { at: 'a' } },
      ],
    },
    { steps: [{ text: 'Done.' }] },
  ],
}
