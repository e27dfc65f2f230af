/**
 * The envelopes of events that are not server-sent ones: NDJSON (Ollama), a JSON array (Gemini), AWS's event stream
 * (Bedrock). Their parsers have the shape of `SseParser`, so one reader serves all of them, however the bytes are cut.
 * Run: npx node --conditions=source examples/read-framings/main.ts
 */
import {
  AwsEventParser,
  JsonArrayParser,
  JsonArrayWriter,
  NdjsonParser,
  writeAwsEvent,
  writeNdjson,
} from 'sluice/framing'
import { type EventParser, SseParser, writeSse } from 'sluice/sse'

const texts = ['{"text":"Grüße, "}', '{"text":"世界 👋"}']
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const array = new JsonArrayWriter()
const aws = { ':message-type': 'event', ':event-type': 'delta' }

read('server-sent events', new SseParser(), bytes(texts.map((data) => writeSse({ data })).join('')))
read('NDJSON', new NdjsonParser(), bytes(texts.map(writeNdjson).join('')))
read('a JSON array', new JsonArrayParser(), bytes(texts.map((text) => array.write(text)).join('') + array.end()))
read(
  'an AWS event stream',
  new AwsEventParser(),
  new Uint8Array(texts.flatMap((text) => [...writeAwsEvent(aws, text)])),
)

// What was cut off is an error, and never a shorter answer.
read('half of a JSON array', new JsonArrayParser(), bytes('[{"text":"Hel'))

function read(name: string, parser: EventParser, body: Uint8Array): void {
  let text = ''
  const take = ({ data }: { data: string }): void => {
    text += (JSON.parse(data) as { text: string }).text
  }
  try {
    for (let at = 0; at < body.length; at += 7) parser.push(body.subarray(at, at + 7), take)
    parser.end(take)
    console.log(`${name}: ${text}`)
  } catch (error) {
    console.log(`${name}: ${String(error)}`)
  }
}
