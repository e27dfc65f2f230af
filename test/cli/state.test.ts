import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { begin, emptyFolder, sluice } from './command.ts'

async function ask(url: string, body: object): Promise<{ id: string; status: string }> {
  const answer = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    body: JSON.stringify({ model: 'demo', ...body }),
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { id: string; status: string }
}

async function start(args: string[], env: Record<string, string> = {}) {
  const running = begin(['start', '--port', '0', ...args], { env })
  const [, url = ''] = await running.said(/listening on (\S+)/)
  return { ...running, url }
}

describe('where state is kept', () => {
  it('is the folder of --state, and there it is found after a gentle stop', async () => {
    const folder = join(emptyFolder(), 'state')
    const first = await start(['--state', folder])
    const { id } = await ask(first.url, { input: 'Hi' })
    first.child.kill('SIGTERM')
    expect((await first.ended).code).toBe(0)
    expect(existsSync(join(folder, 'sluice.db'))).toBe(true)
    expect(existsSync(join(folder, 'sluice.db-wal'))).toBe(false)

    const second = await start(['--state', folder])
    const found = await fetch(`${second.url}/v1/responses/${id}`)
    expect([found.status, ((await found.json()) as { id: string }).id]).toEqual([200, id])
    second.child.kill('SIGTERM')
    const { stderr } = await second.ended
    expect(stderr).not.toMatch(/experimental/i)
  })

  it('is the usual place where nothing is said, which is left alone until there is something to keep', async () => {
    const states = emptyFolder()
    const running = await start([], { XDG_STATE_HOME: states })
    expect(existsSync(join(states, 'sluice'))).toBe(false)
    await ask(running.url, { input: 'Hi' })
    running.child.kill('SIGTERM')
    await running.ended
    expect(existsSync(join(states, 'sluice', 'sluice.db'))).toBe(true)
  })

  it('stops the start when it was chosen and is no good', async () => {
    const folder = emptyFolder()
    writeFileSync(join(folder, 'sluice.db'), 'no database, '.repeat(100))
    const { code, stderr } = await sluice(['start', '--port', '0', '--state', folder])
    expect(code).toBe(1)
    expect(stderr).toContain(`cannot keep state in ${join(folder, 'sluice.db')}: it is no database; move it away`)
  })

  it('is memory, with a warning, when the usual place is no good', async () => {
    const states = emptyFolder()
    mkdirSync(join(states, 'sluice'))
    writeFileSync(join(states, 'sluice', 'sluice.db'), 'no database, '.repeat(100))
    const running = await start([], { XDG_STATE_HOME: states })
    const { id } = await ask(running.url, { input: 'Hi' })
    const second = await ask(running.url, { input: 'And?', previous_response_id: id })
    expect(second.status).toBe('completed')
    running.child.kill('SIGTERM')
    const { stderr } = await running.ended
    expect(stderr.match(/cannot keep state in/g)).toHaveLength(1)
  })
})
