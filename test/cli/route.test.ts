import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emptyFolder, sluice } from './command.ts'

const toml = `
[[providers]]
name = "house"
dialect = "openai-chat"
base_url = "http://10.0.0.7/v1"
api_keys = ["sk-secret"]
[[models]]
name = "smart"
targets = ["house/a", "house/b"]
strategy = "latency"
[routing]
module = "routes.mjs"
[[routing.rules]]
name = "agents"
user_agent = "claude-cli/*"
images = true
to = "house/eyes"
[[routing.rules]]
stream = true
to = "smart"
`

function files(body: object): { config: string; request: string } {
  const folder = emptyFolder()
  const [config, request] = [join(folder, 'sluice.toml'), join(folder, 'request.json')]
  writeFileSync(config, toml)
  writeFileSync(request, JSON.stringify(body))
  writeFileSync(
    join(folder, 'routes.mjs'),
    'export default (facts) => { if (facts.tools() > 0) throw new Error("unlucky") }',
  )
  return { config, request }
}

describe('sluice route', () => {
  it('says where a request goes', async () => {
    const { config, request } = files({ model: 'x', messages: [{ role: 'user', content: 'Hi' }], stream: true })
    const { code, stdout, stderr } = await sluice(['route', request, '--config', config])
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'house/a\nhouse/b\n', stderr: '' })
  })

  it('says why, phase by phase, and what went wrong', async () => {
    const { config, request } = files({
      model: 'x',
      system: 'Be brief',
      max_tokens: 9,
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [{ name: 't', input_schema: { type: 'object' } }],
    })
    const args = ['route', '--explain', request, '-c', config, '-H', 'User-Agent: claude-cli/2.1']
    const { code, stdout, stderr } = await sluice(args)
    expect(code).toBe(0)
    expect(stdout).toBe(`phase    what             outcome
resolve  name             "x" from the request goes to the only provider, house
select   rule 1 "agents"  passed by: no images
select   chosen           rule 2 chose smart (a stream)
rank     strategy         latency
rank     1                house/a (not measured yet)
rank     2                house/b (not measured yet)
`)
    expect(stderr).toBe('sluice: the routing code failed: unlucky\n')
  })

  it('reads standard input, in the language that it is told', async () => {
    const { config } = files({})
    const input = JSON.stringify({ contents: [{ parts: [{ text: 'Hi' }] }] })
    const { stdout } = await sluice(['route', '-', '-c', config, '--model', 'house/gemini'], { input })
    expect(stdout).toBe('house/gemini\n')
  })

  it('decides as sluice check says, which loads the code as well', async () => {
    const { config } = files({})
    const { stdout } = await sluice(['check', config])
    expect(stdout).toMatch(
      /^routing {8}code in .*routes\.mjs\n {15}rule 1 "agents" {2}-> house\/eyes\n {15}rule 2 {2}-> smart\n/m,
    )
    writeFileSync(join(config, '..', 'routes.mjs'), 'export default 3')
    const { code, stderr } = await sluice(['check', config])
    expect(code).toBe(1)
    expect(stderr).toContain('it exports no function as its default')
  })

  it.each([
    ['where a request without a model would go', toml, '{}', 'it names no model; put `model` into it'],
    [
      'anything where no provider is configured',
      '[server]',
      '{"model":"m"}',
      'no provider is configured, and the scripted',
    ],
  ])('does not guess %s', async (_, text, input, wanted) => {
    const { config } = files({})
    writeFileSync(config, text)
    const { code, stderr } = await sluice(['route', '-', '-c', config], { input })
    expect(code).toBe(1)
    expect(stderr).toContain(`cannot say where the request would go: ${wanted}`)
  })

  it('takes the model from a header, where the request has none', async () => {
    const { config } = files({})
    const { stdout } = await sluice(['route', '-', '-c', config, '-H', 'x-sluice-model: house/h'], { input: '{}' })
    expect(stdout).toBe('house/h\n')
  })

  it('takes it from a tag as well', async () => {
    const { config } = files({})
    const input = JSON.stringify({ messages: [{ role: 'system', content: '<sluice-model>house/h</sluice-model>Hi' }] })
    const { stdout } = await sluice(['route', '-', '-c', config], { input })
    expect(stdout).toBe('house/h\n')
  })

  it.each([
    [['no-such.json'], 'cannot read the request no-such.json: there is no such file'],
    [
      ['-', '--dialect', 'klingon'],
      'cannot read the request as klingon: there is no such dialect; write one of openai-chat',
    ],
    [['-', '--header', 'nothing'], 'Write it as `name: value`.'],
  ])('%j is refused', async (args, wanted) => {
    const { config } = files({})
    const { code, stderr } = await sluice(['route', ...args, '-c', config], { input: '{"model":"m"}' })
    expect(code).toBe(1)
    expect(stderr).toContain(wanted)
  })
})
