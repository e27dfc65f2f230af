import { describe, expect, it } from 'vitest'
import type { Warning } from '../../../src/dialects/index.ts'
import { ToolCallExtraction, type ToolCallExtractionOptions } from '../../../src/pipeline/index.ts'
import { fold, type StreamToken } from '../../../src/tokens/index.ts'
import { at, delta, finish, saying, start, step, textBlock, through, told } from '../streams.ts'

const weather = {
  name: 'get_weather',
  parameters: {
    type: 'object',
    properties: {
      city: { type: 'string' },
      days: { type: 'integer' },
      where: { type: ['string', 'null'] },
      exact: { type: 'boolean' },
    },
  },
}
const tools = [weather, { name: 'get_time' }, { name: 'patch', kind: 'custom' as const }]

function extracted(text: string, options: Partial<ToolCallExtractionOptions> = {}, end = finish()): string[] {
  const make = (): ToolCallExtraction => new ToolCallExtraction({ tools, ...options })
  const stream = (texts: string[]): StreamToken[] => [start, ...textBlock(texts), end]
  const whole = told(through(make(), stream([text])))
  expect(told(through(make(), stream([...text])))).toEqual(whole)
  return whole
}

const time = '<tool_call>\n{"name": "get_time", "arguments": {}}\n</tool_call>'
const call = (inner: string): string => `<tool_call>${inner}</tool_call>`

describe('ToolCallExtraction', () => {
  it.each<[string, string, string[]]>([
    ['text, then a call', `So.\n${time}`, ['text 0 So.\n', 'call 1 {}']],
    ['several calls, with white space between', `${time}\n\n${time}\n`, ['call 0 {}', 'call 1 {}']],
    ['text behind a call', `${time}\nDone.`, ['call 0 {}', 'text 1 \nDone.']],
    [
      'a list',
      '<tool_calls>[{"name":"get_time"},{"name":"get_time","arguments":null}]</tool_calls>',
      ['call 0 {}', 'call 1 {}'],
    ],
    ['blocks in a list', `<tool_calls>\n${time}\n${time}\n</tool_calls>`, ['call 0 {}', 'call 1 {}']],
    ['two objects in one block', call('{"name":"get_time"}\n{"name":"get_time"}'), ['call 0 {}', 'call 1 {}']],
    ['a fence in the block', call('\n```json\n{"name":"get_time"}\n```\n'), ['call 0 {}']],
    ['a tag of its name', '<function=get_weather>{"city": "Ulm"}</function>', ['call 0 {"city": "Ulm"}']],
    [
      'values in tags',
      call(
        'get_weather\n<arg_key>city</arg_key>\n<arg_value>12</arg_value><arg_key>days</arg_key><arg_value> 3 </arg_value>',
      ),
      ['call 0 {"city":"12","days":3}'],
    ],
    [
      'parameters in tags',
      call(
        '<function=get_weather>\n<parameter=city>\nUlm\n\n</parameter>\n<parameter=where>null</parameter></function>',
      ),
      ['call 0 {"city":"Ulm\\n","where":null}'],
    ],
    [
      'a value that has half of its end in it',
      call('get_time<arg_key>a</arg_key><arg_value>b</arg_</arg_value>'),
      ['call 0 {"a":"b</arg_"}'],
    ],
    [
      'values of which nothing is known',
      call('get_time<arg_key>a</arg_key><arg_value>b</arg_value>'),
      ['call 0 {"a":"b"}'],
    ],
    ['a name alone', call('get_time'), ['call 0 {}']],
    [
      'a section of calls',
      '<|tool_calls_section_begin|> <|tool_call_begin|> functions.get_weather:0 <|tool_call_argument_begin|> {"city":"Ulm"} <|tool_call_end|><|tool_call_begin|>get_time<|tool_call_argument_begin|>{}<|tool_call_end|> <|tool_calls_section_end|>',
      ['call 0 {"city":"Ulm"}', 'call 1 {}'],
    ],
    ['a free text', call('{"name":"patch","arguments":{"input":"a\\n\\"b"}}'), ['call 0 a\n"b']],
    ['a name in another case', call('{"name":"Get_Time"}'), ['call 0 {}']],
    ['arguments in a string', call('{"name":"get_time","arguments":"{\\"a\\": 1}"}'), ['call 0 {"a": 1}']],
    [
      'marks in a string',
      call('{"name":"get_time","arguments":{"a":"</tool_call><tool_call>"}}'),
      ['call 0 {"a":"</tool_call><tool_call>"}'],
    ],
    ['a line break in a string', call('{"name":"get_time","arguments":{"a":"b\nc"}}'), ['call 0 {"a":"b\\nc"}']],
    ['a comma too many', call('{"name":"get_time","arguments":{"a":[1,],},}'), ['call 0 {"a":[1]}']],
    [
      'a number that no double holds',
      call('{"name":"get_time","arguments":{"a":12345678901234567890}}'),
      ['call 0 {"a":12345678901234567890}'],
    ],
    ['a call behind what only began like one', `<tool_call>${time}`, ['text 0 <tool_call>', 'call 1 {}']],
    [
      'a call behind a code block',
      `\`\`\`\n${time}\n\`\`\`\n${time}`,
      [`text 0 \`\`\`\n${time}\n\`\`\`\n`, 'call 1 {}'],
    ],
    ['a call behind code in a line', `\`\`\`a\`\`\` b\n${time}`, ['text 0 ```a``` b\n', 'call 1 {}']],
  ])('%s', (_, text, expected) => {
    expect(extracted(text)).toEqual([...expected, 'finish 0 tool_calls'])
  })

  it.each<[string, string]>([
    ['a tool that was not offered', call('{"name":"rm","arguments":{}}')],
    ['one such tool among others', call('{"name":"get_time"}{"name":"rm"}')],
    ['no name', call('{"arguments":{}}')],
    ['arguments that are no object', call('{"name":"get_time","arguments":[1]}')],
    ['a string that is not closed', call('{"name":"get_time","arguments":{"a":"b}}')],
    ['a bracket too few', call('{"name":"get_time","arguments":{}')],
    ['a bracket too many', call('{"name":"get_time","arguments":{}}}')],
    ['no JSON', call('{name: "get_time"}')],
    ['quotes in quotes', call('{"name":"get_time","arguments":{"a":"b "c" d"}}')],
    ['a value of the wrong type', call('get_weather<arg_key>days</arg_key><arg_value>many</arg_value>')],
    ['another text in the block', call('{"name":"get_time"} please')],
    ['an empty block', call(' ')],
    ['a free text without its input', call('{"name":"patch","arguments":{"text":"a"}}')],
    ['no end', '<tool_call>{"name":"get_time"}'],
    ['an end of another kind', '<tool_call>{"name":"get_time"}</tool_calls>'],
    ['a code block', `So:\n\n\`\`\`xml\n${time}\n\`\`\``],
    ['a long fence', `~~~~\n~~~\n${time}\n~~~~`],
    ['code in a line', `Write \`${time}\`.`],
    ['half an opening', 'a <tool_cal'],
    ['only white space', ' \n'],
    ['nothing that looks like it', 'a < b > c </tool_call> <b>'],
  ])('%s: it stays text', (_, text) => {
    expect(extracted(text)).toEqual([`text 0 ${text}`, 'finish 0 stop'])
  })

  it('two tools that differ in nothing but case are told apart, and neither is guessed', () => {
    const both = { tools: [{ name: 'Run' }, { name: 'run' }] }
    expect(extracted(call('{"name":"run"}'), both)).toEqual(['call 0 {}', 'finish 0 tool_calls'])
    expect(extracted(call('{"name":"RUN"}'), both)[0]).toMatch(/^text/)
  })

  it('an answer that was cut says so, whatever it holds', () => {
    expect(extracted(`${time}\n<tool_call>{"na`, {}, finish('length'))).toEqual([
      ...['call 0 {}', 'text 1 \n<tool_call>{"na', 'finish 0 length'],
    ])
  })

  it('a finish that promises a call where there is none is corrected', () => {
    expect(extracted('No.', {}, finish('tool_calls'))).toEqual(['text 0 No.', 'finish 0 stop'])
  })

  it('a call that was demanded and did not come is told, once', () => {
    const warnings: Warning[] = []
    const options = { required: true, onWarning: (warning: Warning) => void warnings.push(warning) }
    expect(told(through(new ToolCallExtraction({ tools, ...options }), saying('No.')))).toEqual([
      ...['text 0 No.', 'finish 0 stop'],
    ])
    expect(warnings).toMatchObject([{ field: 'tool_choice', action: 'dropped' }])
    through(new ToolCallExtraction({ tools, ...options }), saying(time))
    expect(warnings).toHaveLength(1)
  })

  it('of several calls where one was wanted the first is made', () => {
    const warnings: Warning[] = []
    const options = { tools, single: true, onWarning: (warning: Warning) => void warnings.push(warning) }
    const two = `${call('{"name":"get_weather","arguments":{"city":"Ulm"}}')}\n${time}`
    expect(told(through(new ToolCallExtraction(options), saying(two)))).toEqual([
      ...['call 0 {"city":"Ulm"}', 'finish 0 tool_calls'],
    ])
    expect(warnings).toMatchObject([{ field: 'tool_calls', action: 'dropped' }])
  })

  it('ids are the same for the same answer, and never twice in a conversation', () => {
    const ids = (seed: string, id?: string): string[] =>
      fold(
        through(new ToolCallExtraction({ tools, seed }), [
          { type: 'message-start', ...(id !== undefined && { id }) },
          ...textBlock([time, time]),
          finish(),
        ]),
      ).choices[0]!.parts.map((part) => (part.type === 'tool-call' ? part.id : ''))
    expect(ids('call_1')).toEqual(ids('call_1'))
    const all = [...ids('call_1'), ...ids('call_2'), ...ids('call_1', 'answer-1'), ...ids('call_1', 'answer-2')]
    expect(new Set(all).size).toBe(8)
    for (const id of all) expect(id).toMatch(/^call_[a-z0-9]{10,40}$/)
  })

  it('text goes out as it comes, but for what may become a mark', () => {
    const pieces = ['Let', ' me <', 'b> see <tool', 's> <tool_ca', 'll>{"na', 'me":"rm"}</', 'tool_call> and']
    expect(step(new ToolCallExtraction({ tools }), pieces)).toEqual([
      ...['Let', ' me ', '<b> see ', '<tools> ', '', '', '<tool_call>{"name":"rm"}</tool_call> and'],
    ])
  })

  it('says while it holds part of a call, so that nobody takes that for silence', () => {
    const extraction = new ToolCallExtraction({ tools })
    const pieces = ['a <tool_', 'call>{"name":', '"get_time"}', '</tool_call> b', '<tool_call>no']
    const holding = [start, { type: 'text-start' as const, ...at }, ...pieces.map((text) => delta(text))].map(
      (token) => {
        extraction.transform(token)
        return extraction.holding
      },
    )
    expect(holding).toEqual([false, false, false, true, true, false, true])
    extraction.transform({ type: 'text-end', ...at })
    expect(extraction.holding).toBe(false)
  })

  it('an empty piece before a call is no text, and before a text it stays', () => {
    const parts = (...texts: string[]): object[] =>
      fold(through(new ToolCallExtraction({ tools }), saying(...texts))).choices[0]!.parts
    expect(parts('', '\n', time)).toMatchObject([{ type: 'tool-call' }])
    expect(parts('', 'a')).toMatchObject([{ type: 'text', text: 'a' }])
    expect(parts('')).toMatchObject([{ type: 'text', text: '' }])
    const tokens = saying('', 'a')
    expect(through(new ToolCallExtraction({ tools }), tokens)).toEqual(tokens)
  })

  it('as many calls as fit into a section are made', () => {
    const many = `<tool_calls>[${'{"name":"get_time"},'.repeat(150_000)}]</tool_calls>`
    const extraction = new ToolCallExtraction({ tools })
    for (const token of [start, { type: 'text-start' as const, ...at }]) extraction.transform(token)
    const result = extraction.transform(delta(many))
    expect(result.action === 'replace' && result.tokens.length).toBe(450_000)
  })

  it('wrappings in wrappings are no call', () => {
    const deep = `${'{"function":'.repeat(50_000)}{"name":"get_time"}${'}'.repeat(50_000)}`
    expect(extracted(call('{"function":{"name":"get_time"}}'))).toEqual(['call 0 {}', 'finish 0 tool_calls'])
    expect(told(through(new ToolCallExtraction({ tools }), saying(call(deep))))[0]).toMatch(/^text/)
  })

  it('what cannot become a call any more is not held', () => {
    const pieces = [
      '<tool_call>{"a": <',
      'b> c',
      ' <tool_call>{} d',
      '<tool_call>a b',
      '<tool_call>{"name":"rm"}</tool_call>',
    ]
    expect(step(new ToolCallExtraction({ tools }), pieces)).toEqual([
      ...['<tool_call>{"a": ', '<b> c', pieces[2]!, pieces[3]!, pieces[4]!],
    ])
  })

  it('no more is held for a call than was agreed', () => {
    const pieces = ['<tool_call>{"a":"', 'b'.repeat(40), 'c'.repeat(40), 'd', time]
    const out = step(new ToolCallExtraction({ tools, longest: 64 }), pieces)
    expect(out.slice(0, 4)).toEqual(['', '', `${pieces[0]}${pieces[1]}${pieces[2]}`, 'd'])
    const long = `<tool_call>{"a":"${'b'.repeat(100)}`
    expect(extracted(`${long}${time}`, { longest: 64 })).toEqual([`text 0 ${long}`, 'call 1 {}', 'finish 0 tool_calls'])
  })

  it('a stream that breaks inside of a call gives it as text, before the error', () => {
    const extraction = new ToolCallExtraction({ tools })
    for (const token of [start, { type: 'text-start' as const, ...at }, delta(time.slice(0, -3))]) {
      expect(extraction.transform(token).action).not.toBe('error')
    }
    expect(told(extraction.flush())).toEqual([`text 0 ${time.slice(0, -3)}`])
  })
})
