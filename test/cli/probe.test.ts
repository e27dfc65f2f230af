import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createSluice } from '../../src/index.ts'
import { type Streaming, startScripted } from '../../src/providers/scripted/index.ts'
import { emptyFolder, sluice } from './command.ts'

async function server(streaming: Streaming) {
  const scripted = await startScripted({
    streaming,
    script: { steps: [{ text: 'OK' }], usage: { input: 9, output: 1 } },
  })
  onTestFinished(() => scripted.close())
  const file = join(emptyFolder(), 'sluice.toml')
  writeFileSync(
    file,
    `[[providers]]\nname = "house"\ndialect = "openai-chat"\nbase_url = "${scripted.url}/v1"\n
[[models]]\nname = "smart"\ntargets = ["house/qwen"]\n`,
  )
  return { scripted, file }
}

it('says what a model can do, from what it is known, and what it cost', async () => {
  const { file, scripted } = await server('refuses')
  const { code, stdout } = await sluice(['probe', 'house/qwen', '--config', file, '--all'])
  expect(stdout).toMatch(/^house\/qwen +stream +no +status 400: .*'stream' is not supported/m)
  expect(stdout).toMatch(/^house\/qwen +whole +yes +did it when it was asked$/m)
  expect(stdout).toMatch(/^house\/qwen +prefill +yes /m)
  expect(stdout).toMatch(/^3 requests, 18 tokens in, 2 out$/m)
  expect([code, scripted.count()]).toEqual([0, 3])
})

it.each(['keys = ["client-1"]', 'operator_keys = ["op-1"]', 'keys = ["client-1"]\noperator_keys = ["op-1"]'])(
  'needs no key for a sluice of its own: %j',
  async (access) => {
    const { file } = await server('streams')
    appendFileSync(file, `[access]\n${access}\n`)
    const { code, stdout } = await sluice(['probe', 'house/qwen', '--config', file])
    expect(stdout).toMatch(/^house\/qwen +stream +yes /m)
    expect(code).toBe(0)
  },
)

it('asks once more without `stream_options` where those are refused, and tries tools where streams come', async () => {
  const { file, scripted } = await server('refuses-options')
  const { stdout } = await sluice(['probe', 'smart', '--config', file, '--all', '--json'])
  const [probed] = JSON.parse(stdout) as Array<{ found: Array<{ capability: string; can: boolean }>; requests: number }>
  expect(probed?.found.map(({ capability, can }) => [capability, can])).toEqual([
    ['stream_options', false],
    ['stream', true],
    ['whole', true],
    ['tool_stream', true],
    ['prefill', true],
  ])
  expect([probed?.requests, scripted.count()]).toEqual([5, 5])
})

it('asks a running sluice, which then knows', async () => {
  const { file, scripted } = await server('ignores')
  const running = await createSluice({ config: file, port: 0, env: {}, state: ':memory:', logLevel: 'silent' })
  onTestFinished(() => running.close())
  const { stdout } = await sluice(['probe', 'house/qwen', '--url', running.url])
  expect(stdout).toMatch(/^house\/qwen +stream +no +answered in one piece, asked for a stream$/m)
  const listed = (await (await fetch(`${running.url}/admin/v1/capabilities`)).json()) as { data: unknown[] }
  expect(listed.data).toMatchObject([
    { provider: 'house', model: 'qwen', capability: 'stream', can: false, pinned: false, expired: false },
    { provider: 'house', model: 'qwen', capability: 'whole', can: true },
  ])
  scripted.resetCounts()
  const answer = await fetch(`${running.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'smart', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await answer.text()
  expect(answer.headers.get('x-sluice-stream')).toBe('simulated')
  expect(scripted.count({ stream: true })).toBe(0)
})

it('says what went wrong, and ends with a failure', async () => {
  const { file } = await server({ habit: 'refuses', status: 401, names: 'nothing' })
  const { code, stdout } = await sluice(['probe', 'house/qwen', '--config', file])
  expect(stdout).toMatch(/^house\/qwen +failed /m)
  expect(code).toBe(1)
  const unknown = await sluice(['probe', 'nowhere/qwen', 'other', '--config', file.replace('sluice.toml', 'none.toml')])
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('there is no file')])
})
