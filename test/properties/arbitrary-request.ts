import fc from 'fast-check'
import type {
  AssistantPart,
  ChatRequest,
  JsonObject,
  Message,
  Tool,
  ToolResultPart,
  UserPart,
} from '../../src/tokens/index.ts'

/** A text that nobody has a reason to trim or to leave out. */
const words = fc.string({ unit: 'grapheme', maxLength: 8 }).map((inner) => `<${inner}>`)
const key = fc.string({ minLength: 1, maxLength: 4 }).filter((name) => name !== '__proto__')
const args = fc
  .dictionary(key, fc.oneof(fc.string({ maxLength: 6 }), fc.integer(), fc.boolean(), fc.constant(null)), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((object) => JSON.stringify(object))

const names = ['weather', 'clock', 'look_up'] as const
const image = { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } as const

interface Step {
  said: string[]
  picture: boolean
  marked: boolean
  thought: string
  calls: Array<{ name: (typeof names)[number]; args: string; result: string; failed: boolean }>
  answer: string
}

const step: fc.Arbitrary<Step> = fc.record({
  said: fc.array(words, { minLength: 1, maxLength: 2 }),
  picture: fc.boolean(),
  marked: fc.boolean(),
  thought: fc.constantFrom('', '', 'Hm.'),
  calls: fc.array(
    fc.record({ name: fc.constantFrom(...names), args, result: words, failed: fc.constantFrom(false, false, true) }),
    { maxLength: 2 },
  ),
  answer: words,
})

/** A conversation as clients keep it: each call has its result, and the last word is the user's. */
function conversation(steps: readonly Step[]): Message[] {
  let calls = 0
  const messages = steps.flatMap(({ said, picture, marked, thought, calls: wanted, answer }): Message[] => {
    const parts: UserPart[] = said.map((text) => ({ type: 'text', text }))
    if (marked) Object.assign(parts[0]!, { cache: {} })
    if (picture) parts.push({ type: 'image', source: image })
    const user: Message = { role: 'user', parts }
    const made = wanted.map((call) => ({ ...call, id: `call_${calls++}` }))
    const results = made.map(
      ({ id, result, failed }): ToolResultPart => ({
        type: 'tool-result',
        id,
        content: [{ type: 'text', text: result }],
        ...(failed && { isError: true }),
      }),
    )
    const asked = made.map(
      ({ id, name, args }): AssistantPart => ({ type: 'tool-call', id, name, kind: 'function', arguments: args }),
    )
    const reasoning: AssistantPart[] = thought === '' ? [] : [{ type: 'reasoning', text: thought }]
    return [
      user,
      ...(asked.length > 0
        ? ([
            { role: 'assistant', parts: [...reasoning, ...asked] },
            { role: 'tool', parts: results },
          ] as Message[])
        : []),
      { role: 'assistant', parts: [{ type: 'text', text: answer }] },
    ]
  })
  return [...messages, { role: 'user', parts: [{ type: 'text', text: 'And now?' }] }]
}

const schema: JsonObject = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const tools: Tool[] = names.map((name) => ({
  kind: 'function',
  name,
  description: `About ${name}.`,
  parameters: schema,
}))

type Settings = Partial<Omit<ChatRequest, 'model' | 'stream' | 'messages' | 'system' | 'extra'>>

const some = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(one, { nil: undefined, freq: 2 })

const settings = fc.record({
  toolChoice: some(
    fc.constantFrom<ChatRequest['toolChoice'] & object>(
      { mode: 'auto' },
      { mode: 'required' },
      { mode: 'none' },
      { mode: 'one', name: 'clock' },
    ),
  ),
  parallelToolCalls: some(fc.constant(false)),
  maxOutput: some(fc.integer({ min: 1, max: 9000 })),
  stop: some(fc.uniqueArray(fc.constantFrom('END', '##', 'Stop.'), { minLength: 1, maxLength: 3 })),
  choices: some(fc.constantFrom(2, 3)),
  output: some(
    fc.constantFrom<ChatRequest['output'] & object>(
      { type: 'json' },
      { type: 'json-schema', name: 'place', schema, strict: true },
    ),
  ),
  reasoning: some(fc.constantFrom<ChatRequest['reasoning'] & object>({ effort: 'high' }, { budget: 4096 })),
  verbosity: some(fc.constant('low')),
  user: some(fc.constant('user-1')),
  metadata: some(fc.constant({ job: 'x' })),
  serviceTier: some(fc.constant('priority')),
})

const sampling = fc.record({
  temperature: some(fc.constantFrom(0, 0.5, 1.5)),
  topP: some(fc.constantFrom(0.1, 0.9)),
  topK: some(fc.constant(40)),
  seed: some(fc.constant(7)),
  presencePenalty: some(fc.constant(0.5)),
  frequencyPenalty: some(fc.constant(0.25)),
  logprobs: some(fc.constant(true)),
})

/** Any request that a client could mean: a conversation with calls and pictures, and each setting there or not. */
export const arbitraryRequest: fc.Arbitrary<
  Pick<ChatRequest, 'system' | 'messages' | 'tools' | 'sampling'> & Settings
> = fc
  .record({
    system: fc.array(words, { maxLength: 1 }),
    steps: fc.array(step, { maxLength: 3 }),
    offered: fc.boolean(),
    settings,
    sampling,
  })
  .map(({ system, steps, offered, settings: all, sampling: knobs }) => {
    const { toolChoice, parallelToolCalls, ...rest } = defined(all)
    const called = steps.some(({ calls }) => calls.length > 0)
    const withTools = offered || called
    return {
      system: system.map((text) => ({ type: 'text' as const, text })),
      messages: conversation(steps),
      tools: withTools ? structuredClone(tools) : [],
      sampling: defined(knobs),
      ...rest,
      ...(withTools && toolChoice && { toolChoice }),
      ...(withTools && parallelToolCalls !== undefined && { parallelToolCalls }),
    }
  })

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
