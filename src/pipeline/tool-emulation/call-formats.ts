import type { Reading, SectionCursor } from './section-cursor.ts'
import { elementsOf, membersOf, strictJson } from './strict-json.ts'

/** A call as it was written: its arguments as the JSON text of an object, or value by value as plain text. */
export interface WrittenCall {
  name: string
  arguments: string | ReadonlyMap<string, string>
}

/** One way of writing calls into a text. */
export interface CallFormat {
  /** It begins with `<`, and has no other `<`. */
  open: string
  /** What stands behind the opening, up to the closing. Undefined as soon as it is seen to be no call. */
  read(cursor: SectionCursor): Reading<WrittenCall[] | undefined>
}

/**
 * How models write calls, whatever they were told. The first is the form that `emulateTools` asks for; the others are
 * what models of several makers were trained on. Another one is a line here and a reading below.
 */
export const callFormats: readonly CallFormat[] = [
  { open: '<tool_call>', read: (cursor) => calls(cursor, '</tool_call>') },
  { open: '<tool_calls>', read: (cursor) => calls(cursor, '</tool_calls>') },
  { open: '<function=', read: namedTag },
  { open: '<|tool_calls_section_begin|>', read: markedSection },
]

type Closing = '</tool_call>' | '</tool_calls>'

/** Objects or lists of JSON, also in a code fence; blocks for each call; or a name and its values in tags. */
function* calls(cursor: SectionCursor, close: Closing): Reading<WrittenCall[] | undefined> {
  const found: WrittenCall[] = []
  const inner = close === '</tool_calls>' ? (['<tool_call>', '<function='] as const) : (['<function='] as const)
  let fenced = false
  for (;;) {
    yield* cursor.space()
    const next = yield* cursor.peek()
    let more: WrittenCall[] | undefined
    if (next === '{' || next === '[') more = jsonCalls(yield* cursor.json())
    else if (next === '`') {
      if ((yield* cursor.oneOf(['```'])) === undefined) return undefined
      if (!fenced) yield* cursor.word()
      fenced = !fenced
      continue
    } else if (next === '<') {
      const mark = yield* cursor.oneOf([close, ...inner])
      if (mark === close) return fenced || found.length === 0 ? undefined : found
      if (mark === '<tool_call>') more = yield* calls(cursor, '</tool_call>')
      else if (mark === '<function=') more = yield* namedTag(cursor)
    } else if (found.length === 0 && close === '</tool_call>') return yield* taggedValues(cursor)
    if (!more) return undefined
    for (const one of more) found.push(one)
  }
}

/** `name<arg_key>key</arg_key><arg_value>value</arg_value>…</tool_call>` */
function* taggedValues(cursor: SectionCursor): Reading<WrittenCall[] | undefined> {
  const name = yield* cursor.word()
  if (name === '') return undefined
  const values = new Map<string, string>()
  for (;;) {
    yield* cursor.space()
    const mark = yield* cursor.oneOf(['<arg_key>', '</tool_call>'])
    if (mark === undefined) return undefined
    if (mark === '</tool_call>') return [{ name, arguments: values }]
    const key = yield* cursor.until('</arg_key>')
    yield* cursor.space()
    if ((yield* cursor.oneOf(['<arg_value>'])) === undefined) return undefined
    values.set(key.trim(), yield* cursor.until('</arg_value>'))
  }
}

/** `<function=name>{…}</function>`, or `<parameter=key>value</parameter>` in the place of the object. */
function* namedTag(cursor: SectionCursor): Reading<WrittenCall[] | undefined> {
  const name = yield* cursor.word()
  if (name === '' || (yield* cursor.oneOf(['>'])) === undefined) return undefined
  yield* cursor.space()
  if ((yield* cursor.peek()) === '{') {
    const json = yield* cursor.json()
    const given = json === undefined ? undefined : strictJson(json)
    if (given === undefined) return undefined
    yield* cursor.space()
    return (yield* cursor.oneOf(['</function>'])) === undefined ? undefined : [{ name, arguments: given }]
  }
  const values = new Map<string, string>()
  for (;;) {
    yield* cursor.space()
    const mark = yield* cursor.oneOf(['<parameter=', '</function>'])
    if (mark === undefined) return undefined
    if (mark === '</function>') return [{ name, arguments: values }]
    const key = yield* cursor.until('>')
    const value = yield* cursor.until('</parameter>')
    // The line breaks beside the tags belong to the form.
    values.set(key.trim(), value.replace(/^\r?\n/, '').replace(/\r?\n$/, ''))
  }
}

/** `<|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`, one or more of them. */
function* markedSection(cursor: SectionCursor): Reading<WrittenCall[] | undefined> {
  const found: WrittenCall[] = []
  for (;;) {
    yield* cursor.space()
    const mark = yield* cursor.oneOf(['<|tool_call_begin|>', '<|tool_calls_section_end|>'])
    if (mark === undefined) return undefined
    if (mark === '<|tool_calls_section_end|>') return found.length === 0 ? undefined : found
    yield* cursor.space()
    const name = yield* cursor.word()
    yield* cursor.space()
    if ((yield* cursor.oneOf(['<|tool_call_argument_begin|>'])) === undefined) return undefined
    yield* cursor.space()
    if ((yield* cursor.peek()) !== '{') return undefined
    const json = yield* cursor.json()
    const given = json === undefined ? undefined : strictJson(json)
    if (given === undefined) return undefined
    yield* cursor.space()
    if ((yield* cursor.oneOf(['<|tool_call_end|>'])) === undefined) return undefined
    found.push({ name, arguments: given })
  }
}

function jsonCalls(text: string | undefined): WrittenCall[] | undefined {
  const json = text === undefined ? undefined : strictJson(text)
  if (json === undefined) return undefined
  const found = (json.startsWith('[') ? elementsOf(json) : [json]).map((one) => jsonCall(one))
  return found.every((one) => one !== undefined) ? found : undefined
}

/** `{ name, arguments }`, with `parameters` for the latter, or all of it below `function`. */
function jsonCall(object: string, wraps = true): WrittenCall | undefined {
  if (!object.startsWith('{')) return undefined
  const members = membersOf(object)
  const inner = members.get('function')
  if (inner?.startsWith('{')) return wraps ? jsonCall(inner, false) : undefined
  const name = stringOf(members.get('name') ?? inner)
  const given = argumentsOf(members.get('arguments') ?? members.get('parameters'))
  return name === undefined || given === undefined ? undefined : { name, arguments: given }
}

/** An object, also one that is written into a string. Without any there are none. */
function argumentsOf(value: string | undefined): string | undefined {
  if (value === undefined || value === 'null') return '{}'
  if (value.startsWith('{')) return value
  const text = stringOf(value)?.trim()
  if (text === '') return '{}'
  return text?.startsWith('{') ? strictJson(text) : undefined
}

function stringOf(value: string | undefined): string | undefined {
  return value?.startsWith('"') ? (JSON.parse(value) as string) : undefined
}
