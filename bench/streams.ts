import { createHash } from 'node:crypto'

/** Made-up answers in the form in which the two APIs stream them; the same arguments give the same bytes. */
export type DialectName = 'openai-chat' | 'anthropic-messages'

/** Where each dialect is served. */
export const paths: Readonly<Record<DialectName, string>> = {
  'openai-chat': '/v1/chat/completions',
  'anthropic-messages': '/v1/messages',
}

/** What stands directly before the text of a delta, and nowhere else in a stream; and what ends the stream. */
export const marks: Readonly<Record<DialectName, { delta: string; end: string }>> = {
  'openai-chat': { delta: '"delta":{"content":"', end: 'data: [DONE]\n\n' },
  'anthropic-messages': { delta: '"type":"text_delta","text":"', end: '"type":"message_stop"}\n\n' },
}

export type Script = 'ascii' | 'mixed'

export interface Stream {
  /** Events as wire text, one entry each: what comes before the deltas, the deltas, what comes behind them. */
  head: string[]
  deltas: string[]
  tail: string[]
  /** The sum of all deltas. */
  text: string
}

const ascii = [' the', ' stream', ' of', ' tokens', ' goes', ' on', ',', ' and', ' a', ' "word"', ' or', ' two', '.\n']
const mixed = [...ascii.slice(0, 6), ' été', ' größer', '流れ', ' поток', '😀', ' 令牌']

/** A text of `count` deltas, about a word each; the numbers among them show a lost, doubled or swapped one. */
export function words(count: number, script: Script): string[] {
  const all = script === 'ascii' ? ascii : mixed
  return Array.from({ length: count }, (_, i) => (i % 8 === 7 ? ` ${i}` : all[(i * 7) % all.length]!))
}

export function openaiStream(count: number, script: Script, model = 'bench'): Stream {
  const texts = words(count, script)
  const chunk = (choices: unknown, more: object = {}): string =>
    `data: ${JSON.stringify({
      id: 'chatcmpl-C4xS7RkQ0s1zv0Yb2e9fUj3pWq5Lm',
      object: 'chat.completion.chunk',
      created: 1790000000,
      model,
      service_tier: 'default',
      system_fingerprint: 'fp_a1b2c3d4e5',
      choices,
      ...more,
    })}\n\n`
  const choice = (delta: object, finish: string | null = null): unknown[] => [
    { index: 0, delta, logprobs: null, finish_reason: finish },
  ]
  return {
    head: [chunk(choice({ role: 'assistant', content: '', refusal: null }), { obfuscation: 'b3' })],
    // The padding has another length and value on each event, as that of the real API has.
    deltas: texts.map((content, i) => chunk(choice({ content }), { obfuscation: 'k8Zp0Qx5'.slice(0, 1 + (i % 8)) })),
    tail: [chunk(choice({}, 'stop'), { obfuscation: 'x' }), 'data: [DONE]\n\n'],
    text: texts.join(''),
  }
}

export function anthropicStream(count: number, script: Script, model = 'bench'): Stream {
  const texts = words(count, script)
  const event = (body: { type: string }): string => `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`
  const start = {
    type: 'message_start',
    message: {
      id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      type: 'message',
      role: 'assistant',
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 25, output_tokens: 1 },
    },
  }
  const stop = {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: count },
  }
  return {
    head: [
      event(start),
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }),
      event({ type: 'ping' }),
    ],
    deltas: texts.map((text) =>
      event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } } as { type: string }),
    ),
    tail: [
      event({ type: 'content_block_stop', index: 0 } as { type: string }),
      event(stop),
      event({ type: 'message_stop' }),
    ],
    text: texts.join(''),
  }
}

export function streamOf(dialect: DialectName, count: number, script: Script, model?: string): Stream {
  return dialect === 'openai-chat' ? openaiStream(count, script, model) : anthropicStream(count, script, model)
}

export function wire({ head, deltas, tail }: Stream): Buffer {
  return Buffer.from([...head, ...deltas, ...tail].join(''))
}

/** The bytes in pieces of `size`, each with memory of its own, as reads of a socket have. */
export function cut(bytes: Uint8Array, size: number): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(Buffer.from(bytes.subarray(at, at + size)))
  return pieces
}

export function fingerprint(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
