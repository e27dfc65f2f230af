import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DialectName, networkDialects } from '../../src/dialects/index.ts'
import { writeAwsEvent } from '../../src/framing/index.ts'
import { presets as known, type ProviderOptions } from '../../src/providers/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../src/tokens/index.ts'
import type { Recording } from './recording.ts'

/** Folders that are not called like a dialect. */
const folders: Record<string, DialectName> = { bedrock: 'bedrock-converse', 'compatible-chat': 'openai-chat' }

/** Vendors that go by another name elsewhere than their preset. */
const presets: Record<string, string> = {
  alibaba: 'qwen',
  'amazon-bedrock': 'bedrock',
  google: 'gemini',
  moonshotai: 'moonshot',
  togetherai: 'together',
  zai: 'glm',
}

/** All answers in a folder of recordings; CONTRIBUTING.md says what it looks like. */
export function readFolder(folder: string): Recording[] {
  if (!existsSync(folder)) throw new Error(`cannot read recordings: there is no folder ${folder}`)
  const found: Recording[] = []
  for (const name of readdirSync(folder)) {
    const dialect = folders[name] ?? (Object.hasOwn(networkDialects, name) ? (name as DialectName) : undefined)
    if (!dialect) continue
    for (const file of readdirSync(join(folder, name)).sort()) {
      found.push(...answers(`${name}/${file}`, dialect, readFileSync(join(folder, name, file))))
    }
  }
  if (found.length === 0) throw new Error(`cannot read recordings: none are in ${folder}`)
  return found
}

function answers(name: string, dialect: DialectName, bytes: Buffer): Recording[] {
  const [, vendor = '', ending] = /^[^/]+\/([^.]+).*?\.(jsonl|json|sse|ndjson)$/.exec(name) ?? []
  if (ending === undefined) return []
  const converse = dialect === 'bedrock-converse'
  if (converse && ending !== 'jsonl')
    throw new Error(`cannot read ${name}: recordings of Converse are events, as .jsonl`)
  const fails = /\.fails\./.test(name)
  const shared = { dialect, provider: providerOf(vendor, dialect), fails }
  if (ending === 'json') {
    const whole = bytes.toString()
    return [{ ...shared, name, whole, model: modelIn([JSON.parse(whole) as Json]) }]
  }
  if (ending !== 'jsonl') {
    return [{ ...shared, name, stream: bytes, model: 'model-1', ...(!fails && { untouched: bytes }) }]
  }
  const all = split(bytes.toString().split('\n').filter(Boolean))
  return all.map((lines, at): Recording => {
    const events = lines.map((line) => (line === done ? line : (JSON.parse(line) as Json)))
    const whole = wholeIn(events)
    return {
      ...shared,
      name: all.length > 1 ? `${name}#${at + 1}` : name,
      model: modelIn(events),
      stream: wire(dialect, lines),
      ...(!fails && !converse && { untouched: wire(dialect, begunOnce(lines)) }),
      ...(whole && { whole: JSON.stringify(whole) }),
      ...(converse && { events: events.filter(isJsonObject) }),
    }
  })
}

function providerOf(vendor: string, dialect: DialectName): Partial<ProviderOptions> {
  const kind = presets[vendor] ?? vendor
  return Object.hasOwn(known, kind) ? { kind, dialect } : { dialect }
}

const done = '[DONE]'
const last = /^(message_stop|response\.(completed|incomplete|failed))$/

/** The answers of a file that holds several, one behind the other. */
function split(lines: string[]): string[][] {
  const all: string[][] = []
  let open: string[] | undefined
  for (const line of lines) {
    if (line === done && !open) continue
    if (!open) {
      open = []
      all.push(open)
    }
    open.push(line)
    if (line === done || last.test(typeOf(line) ?? '')) open = undefined
  }
  return all
}

function typeOf(line: string): string | undefined {
  return (JSON.parse(line) as { type?: string }).type
}

/** What goes on to clients of the same language: a message begins once. */
function begunOnce(lines: string[]): string[] {
  const first = lines.findIndex(isStart)
  return lines.filter((line, at) => at <= first || !isStart(line))
}

const isStart = (line: string): boolean => line !== done && typeOf(line) === 'message_start'

/** The lines in the wrapping that the dialect's streams have. */
function wire(dialect: DialectName, lines: string[]): Uint8Array {
  if (dialect === 'bedrock-converse') return Buffer.concat(lines.map(awsEvent))
  if (dialect === 'ollama') return Buffer.from(lines.map((line) => `${line}\n`).join(''))
  const named = dialect === 'anthropic-messages' || dialect === 'openai-responses'
  const ended = dialect === 'openai-chat' && lines.at(-1) !== done ? [...lines, done] : lines
  return Buffer.from(
    ended.map((line) => `${named && line !== done ? `event: ${typeOf(line)}\n` : ''}data: ${line}\n\n`).join(''),
  )
}

function awsEvent(line: string): Uint8Array {
  const [name = '', payload] = Object.entries(JSON.parse(line) as JsonObject)[0] ?? []
  const kind = name.endsWith('Exception') ? 'exception' : 'event'
  return writeAwsEvent(
    { [`:${kind}-type`]: name, ':content-type': 'application/json', ':message-type': kind },
    JSON.stringify(payload),
  )
}

/** A stream of Responses ends with the answer as it is when it is not streamed. */
function wholeIn(events: Json[]): JsonObject | undefined {
  const end = events.findLast(isJsonObject)
  const whole = end && /^response\.(completed|incomplete)$/.test(`${end.type}`) ? end.response : undefined
  return isJsonObject(whole) && Array.isArray(whole.output) && whole.output.length > 0 ? whole : undefined
}

function modelIn(events: Json[]): string {
  for (const event of events) {
    if (!isJsonObject(event)) continue
    for (const place of [event, event.message, event.response]) {
      const model = isJsonObject(place) && (place.model || place.modelVersion)
      if (typeof model === 'string') return model
    }
  }
  return 'model-1'
}
