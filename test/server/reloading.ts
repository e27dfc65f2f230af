import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createSluice, type RequestRecord } from '../../src/index.ts'
import { silentLog } from '../../src/observe/index.ts'
import { type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'

export interface Line {
  level: string
  message: string
}

/** A gateway on a file of its own, and everything that it says. */
export async function open(text: (upstream: string) => string, { watch = true, name = 'sluice.toml' } = {}) {
  const upstream = await startScripted()
  const folder = mkdtempSync(join(tmpdir(), 'sluice-reload-'))
  const file = join(folder, name)
  writeFileSync(file, text(upstream.url))
  const lines: Line[] = []
  const records: RequestRecord[] = []
  const say = (level: string) => (message: string) => void lines.push({ level, message })
  const log = { ...silentLog, info: say('info'), warn: say('warn'), error: say('error') }
  const sluice = await createSluice({
    config: file,
    host: '127.0.0.1',
    port: 0,
    state: ':memory:',
    watch,
    env: {},
    log: { ...log, request: (record) => records.push(record) },
  })
  onTestFinished(async () => {
    await sluice.close()
    await upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    upstream,
    folder,
    file,
    lines,
    records,
    sluice,
    write: (next: string) => writeFileSync(file, next),
    said: (pattern: RegExp, times = 1) =>
      eventually(() => lines.filter(({ message }) => pattern.test(message)).length >= times, `it says ${pattern}`),
    ask: (model: string, script?: object, key = 'client') => chat(sluice.url, model, script, key),
    status: async () => (await (await fetch(`${sluice.url}/admin/v1/targets`, auth('client'))).json()) as Status,
  }
}

export interface Status {
  running: number
  limits: { streams: number }
  config: { read_at: string; refused?: { reason: string } }
  targets: { target: string; requests: number }[]
  providers: { provider: string; keys: { uses: number }[] }[]
}

export const auth = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

export async function eventually(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 8000
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export async function chat(url: string, model: string, script: object = { steps: [{ text: 'Hi' }] }, key = 'client') {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    ...auth(key),
    body: JSON.stringify({
      model,
      stream: true,
      messages: [{ role: 'user', content: JSON.stringify({ sluice_script: script }) }],
    }),
  })
  return { status: response.status, text: await response.text() }
}

export const provider = (name: string, url: string, rest = '') =>
  `[[providers]]\nname = "${name}"\ndialect = "openai-chat"\nbase_url = "${url}/v1"\n${rest}\n`

export const chunk = (content: string, finish: string | null = null): string =>
  JSON.stringify({
    id: 'x',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  })

/** A stream that goes on for as long as it takes to change something. */
export const long = { steps: [{ repeat: 60, text: ' word', pace: '20ms' }] }
export const whole = (text: string): boolean => text.split('" word"').length === 61 && text.endsWith('data: [DONE]\n\n')
export const bearers = ({ requests }: ScriptedServer): unknown[] => requests.map(({ headers }) => headers.authorization)
