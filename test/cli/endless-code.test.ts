import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { emptyFolder, sluice } from './command.ts'

const house = '[[providers]]\nname = "p"\ndialect = "openai-chat"\nbase_url = "http://127.0.0.1:9/v1"\n'
// A timer that would hold the process for ever.
const timer = 'setInterval(() => {}, 1000)\n'

/** A configuration whose routing is this code. */
function configured(code: string, provider = house): string {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'routes.mjs'), code)
  const file = join(folder, 'sluice.toml')
  writeFileSync(file, `[routing]\nmodule = "routes.mjs"\n${provider}`)
  return file
}

it('commands end, whatever the code of a configuration leaves behind, and say what never gets ready', async () => {
  const good = `${timer}export default () => 'p/x'`
  // Without a provider of its own the scripted one answers.
  const open = (code: string): string => configured(code, '')
  const endless = `await new Promise(() => {})\n${good}`
  const input = '{"model":"m","messages":[]}'
  const [checked, routed, chatted, probed, refused, started] = await Promise.all([
    sluice(['check', configured(good)]),
    sluice(['route', '-', '--config', configured(good)], { input }),
    sluice(['chat', '--config', open(`${timer}export default () => undefined`), 'Hello']),
    sluice(['probe', '--config', open(`${timer}export default () => undefined`), 'scripted/demo']),
    sluice(['check', configured(endless)]),
    sluice(['start', '--port', '0', '--config', configured(endless)]),
  ])
  expect(checked).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('no mistakes found') })
  expect(routed).toMatchObject({ code: 0, stdout: 'p/x\n' })
  expect(chatted).toMatchObject({ code: 0, stdout: expect.stringContaining('scripted') })
  expect(probed).toMatchObject({ code: 0, stdout: expect.stringContaining('scripted/demo') })
  for (const { code, stdout, stderr } of [refused, started]) {
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^sluice: cannot load the routing code .*routes\.mjs: it is not ready after 10 s/)
  }
}, 60_000)
