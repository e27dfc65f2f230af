import { createParser } from 'eventsource-parser'
import { anthropicMessages, type Dialect, openaiChat } from '../src/dialects/index.ts'
import type { Emit } from '../src/flow/index.ts'
import { type SseEvent, type SseMessage, SseParser, writeSse } from '../src/sse/index.ts'
import type { StreamToken } from '../src/tokens/index.ts'
import { timed } from './rounds.ts'
import { cut, type DialectName, fingerprint, type Script, type Stream, streamOf, wire } from './streams.ts'
import { digits, ratio, table } from './table.ts'

const count = 2000

interface Way {
  name: string
  from: Dialect
  to: Dialect
  bare: (event: SseEvent, emit: Emit<SseMessage>) => void
}

const ways: Way[] = [
  { name: 'chat to messages', from: openaiChat, to: anthropicMessages, bare: chatToMessages },
  { name: 'messages to chat', from: anthropicMessages, to: openaiChat, bare: messagesToChat },
]

const cuts: Record<string, (stream: Stream) => Buffer[]> = {
  '64 KiB': (stream) => cut(wire(stream), 65_536),
  '1448 B': (stream) => cut(wire(stream), 1448),
  'one event': ({ head, deltas, tail }) => [...head, ...deltas, ...tail].map((event) => Buffer.from(event)),
}

/** A stream of one dialect, through the canonical tokens, to the text of another; all in memory. */
export async function dialects(rounds: number): Promise<string> {
  const rows: string[][] = []
  for (const way of ways) {
    for (const script of ['ascii', 'mixed'] as const) {
      for (const [chunk, cutting] of Object.entries(cuts)) {
        rows.push([way.name, script, chunk, ...(await measure(way, script, cutting, rounds))])
      }
    }
  }
  return [
    '## dialects: bytes of one dialect to text of another',
    '',
    'Beside the plainest translation of the same events: the same SSE parser, JSON.parse, JSON.stringify, text deltas only,',
    'nothing checked. Below 1 costs less than that. The nanoseconds hold for this machine and this run.',
    'Checked first: every delta and the whole text arrive, in both.',
    '',
    table(['way', 'text', 'chunk', 'cost / bare JSON', 'ns a token', 'bare JSON'], rows),
  ].join('\n')
}

async function measure(
  way: Way,
  script: Script,
  cutting: (stream: Stream) => Buffer[],
  rounds: number,
): Promise<string[]> {
  const stream = streamOf(way.from.name as DialectName, count, script)
  const chunks = cutting(stream)
  for (const translate of [throughTokens, throughJson]) {
    let text = ''
    translate(way, chunks, (piece) => {
      text += piece
    })
    check(text, stream, way.to.name as DialectName)
  }
  const { tokens, bare } = await timed(rounds, {
    tokens: () => throughTokens(way, chunks, ignore),
    bare: () => throughJson(way, chunks, ignore),
  })
  return [ratio(tokens, bare), digits(tokens! / count), digits(bare! / count)]
}

/** As the gateway does it: one chunk runs through the whole row and leaves as one text. */
function throughTokens({ from, to }: Way, chunks: readonly Uint8Array[], write: (text: string) => void): void {
  const parser = new SseParser()
  const decoder = from.upstream.decodeStream({ vendor: 'bench', family: 'bench' })
  const options = { requestId: 'bench', model: 'bench', created: 1790000000, includeUsage: false }
  const encoder = to.client.encodeStream(options)
  let out = ''
  const onMessage = (message: SseMessage): void => {
    out += writeSse(message)
  }
  const onToken = (token: StreamToken): void => encoder.push(token, onMessage)
  const onEvent = (event: SseEvent): void => decoder.push(event, onToken)
  for (const chunk of chunks) {
    parser.push(chunk, onEvent)
    if (out !== '') write(out)
    out = ''
  }
  parser.end(onEvent)
  decoder.end?.(onToken)
  encoder.end?.(onMessage)
  if (out !== '') write(out)
}

function throughJson({ bare }: Way, chunks: readonly Uint8Array[], write: (text: string) => void): void {
  const parser = new SseParser()
  let out = ''
  const onMessage = (message: SseMessage): void => {
    out += writeSse(message)
  }
  const onEvent = (event: SseEvent): void => bare(event, onMessage)
  for (const chunk of chunks) {
    parser.push(chunk, onEvent)
    if (out !== '') write(out)
    out = ''
  }
}

interface Chunk {
  choices: Array<{ delta: { content?: string }; finish_reason: string | null }>
}

function chatToMessages({ data }: SseEvent, emit: Emit<SseMessage>): void {
  if (data === '[DONE]') {
    emit({ event: 'message_stop', data: JSON.stringify({ type: 'message_stop' }) })
    return
  }
  const text = (JSON.parse(data) as Chunk).choices[0]?.delta.content
  if (!text) return
  const event = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
  emit({ event: event.type, data: JSON.stringify(event) })
}

function messagesToChat({ data }: SseEvent, emit: Emit<SseMessage>): void {
  const event = JSON.parse(data) as { type: string; delta?: { text?: string } }
  if (event.type === 'message_stop') emit({ data: '[DONE]' })
  const content = event.delta?.text
  if (content === undefined) return
  const choices = [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }]
  emit({
    data: JSON.stringify({
      id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      object: 'chat.completion.chunk',
      created: 1790000000,
      model: 'bench',
      choices,
    }),
  })
}

/** With a parser and a reading of the dialects that are not those under test. */
function check(text: string, stream: Stream, dialect: DialectName): void {
  const pieces: string[] = []
  let ended = false
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') {
        ended = true
        return
      }
      const event = JSON.parse(data)
      if (event.type === 'message_stop') ended = true
      const piece = dialect === 'openai-chat' ? event.choices[0]?.delta.content : event.delta?.text
      if (piece) pieces.push(piece)
    },
  })
  parser.feed(text)
  if (ended && pieces.length === count && fingerprint(pieces.join('')) === fingerprint(stream.text)) return
  throw new Error(
    `cannot compare: of ${count} deltas ${pieces.length} came${ended ? '' : ', and no end'}, or their text differs`,
  )
}

const sink = { chars: 0 }

function ignore(text: string): void {
  sink.chars += text.length
}
