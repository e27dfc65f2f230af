/** The events of providers, written by hand, so that they can be as odd as some providers are. */

/** As an event stream; an object with a `type` goes out under that name. */
export function sse(...events: object[]): string {
  return events.map((one) => `${'type' in one ? `event: ${one.type}\n` : ''}data: ${JSON.stringify(one)}\n\n`).join('')
}

/** Chat Completions. */
export const done = 'data: [DONE]\n\n'
export const chatUsage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 }

/** One chunk with one choice. `more` stands beside the choices. */
export function chunk(delta: unknown, finish: string | null = null, more: object = {}, index = 0): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index, delta, finish_reason: finish }],
    ...more,
  }
}

/** A fragment of a call; `head` where it begins. */
export function callDelta(index: number, args: string, head: { id?: string; name?: string } = {}): object {
  const { id, name } = head
  return {
    tool_calls: [
      {
        index,
        ...(id !== undefined && { id, type: 'function' }),
        function: { ...(name !== undefined && { name }), arguments: args },
      },
    ],
  }
}

/** Messages. */
export function messageStart(usage: object = { input_tokens: 3, output_tokens: 1 }): object {
  return {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  }
}

export function block(index: number, content_block: object, ...deltas: object[]): object[] {
  return [
    { type: 'content_block_start', index, content_block },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

export function textBlock(index: number, text: string): object[] {
  return block(index, { type: 'text', text: '' }, { type: 'text_delta', text })
}

/** A thought in fragments, with the signature that comes behind it. */
export function thought(index: number, texts: readonly string[], signature?: string): object[] {
  return block(
    index,
    { type: 'thinking', thinking: '', signature: '' },
    ...texts.map((thinking) => ({ type: 'thinking_delta', thinking })),
    ...(signature === undefined ? [] : [{ type: 'signature_delta', signature }]),
  )
}

export function toolUse(index: number, id: string, name: string, ...fragments: string[]): object[] {
  return block(
    index,
    { type: 'tool_use', id, name, input: {} },
    ...fragments.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
  )
}

export function messageEnd(
  reason: string,
  usage: object = { output_tokens: 7 },
  sequence: string | null = null,
): object[] {
  return [
    { type: 'message_delta', delta: { stop_reason: reason, stop_sequence: sequence }, usage },
    { type: 'message_stop' },
  ]
}

/** Gemini. One chunk; `more` stands in the candidate. */
export function candidate(parts: object[], more: object = {}): object {
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...more }],
    modelVersion: 'm',
    responseId: 'r',
  }
}

export function functionCall(name: string, args: object, more: object = {}): object {
  return { functionCall: { name, args }, ...more }
}

/** Responses. */
export function response(status: string, output: object[] = [], more: object = {}): object {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1,
    status,
    model: 'm',
    output,
    usage: { input_tokens: 9, output_tokens: 4, total_tokens: 13 },
    ...more,
  }
}
