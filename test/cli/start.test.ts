import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { begin, emptyFolder, sluice } from './command.ts'

const listening = /sluice [\d.]+ is listening on (http:\S+)/

async function started(args: string[] = [], env: Record<string, string> = {}) {
  const running = begin(['start', '--port', '0', ...args], { env })
  const [, url = ''] = await running.said(listening)
  await running.said(/OPENAI_BASE_URL=/)
  return { ...running, url }
}

describe('sluice start', () => {
  it('answers the first request of a machine without key and configuration', async () => {
    const { url, child, ended, said } = await started()
    const [, body = ''] = await said(
      /^ {2}curl -N \S+\/v1\/chat\/completions -H 'content-type: application\/json' -d '(.*)'$/m,
    )
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(/^data: \{.*data: \[DONE\]\n\n$/s)

    const [models, chat, broken] = await Promise.all([
      sluice(['models', '--url', `${url}/v1/`]),
      sluice(['chat', '--url', url, '-m', 'reasoning', 'why', 'not'], {}),
      sluice(['chat', '--url', url, '-m', 'error-429', 'why']),
    ])
    expect(models.stdout.split('\n').length).toBeGreaterThan(3)
    // The answer alone goes to standard output, so that it can be piped on.
    expect(chat).toMatchObject({ code: 0, stdout: 'Two and two is four.\n' })
    expect(chat.stderr).toMatch(
      /Two and two: count.*\n\nfirst token \d\.\d\d s, \d+ tokens in, \d+ out(, \d+ tokens\/s)?\n$/s,
    )
    expect(broken).toMatchObject({ code: 1, stdout: '' })
    expect(broken.stderr).toMatch(/^sluice: http:\S+ answered 429: [^\n]+\n$/)

    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    expect(code).toBe(0)
    expect(stdout).toContain('the scripted provider, which plays written answers')
    expect(stdout).toContain('set OPENAI_API_KEY or ANTHROPIC_API_KEY')
    // One line for each request, on standard error.
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(
      lines
        .filter((line) => line.path === '/v1/chat/completions')
        .map((line) => [line.model, line.status, line.outcome]),
    ).toEqual(
      expect.arrayContaining([
        ['demo', 200, 'ok'],
        ['reasoning', 200, 'ok'],
        ['error-429', 429, 'error'],
      ]),
    )
  })

  it('names the providers of the environment and where programs are to be pointed', async () => {
    const running = await started([], { OPENAI_API_KEY: 'sk-secret', ANTHROPIC_API_KEY: 'sk-secret' })
    running.child.kill('SIGINT')
    const { stdout, code } = await running.ended
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /configuration {2}environment\n {2}providers {6}openai +openai-chat, https:\/\/api\.openai\.com\/v1, a key/,
    )
    expect(stdout).toContain(`ANTHROPIC_BASE_URL=${running.url} `)
    expect(stdout).toContain(`OPENAI_BASE_URL=${running.url}/v1 `)
    expect(stdout).not.toContain('sk-secret')
  })

  it('says which flag to use when the port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    for (const command of ['start', 'script']) {
      const { code, stdout, stderr } = await sluice([command, '--port', String(port)])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(new RegExp(`^sluice: cannot listen on 127\\.0\\.0\\.1:${port}: [^\\n]*--port[^\\n]*\\n$`))
    }
  })

  it('lets a running answer end at the first signal and cuts it at the second', async () => {
    const { url, child, ended } = await started()
    const ask = async (script: string) => {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: script, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
      })
      return answer.text().catch((error: Error) => error.message)
    }
    const endless = ask('stall-alive')
    const whole = ask('demo')
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill('SIGTERM')
    expect(await whole).toMatch(/\[DONE\]\n\n$/)
    expect(child.exitCode).toBeNull()
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
    expect(await endless).not.toMatch(/"finish_reason":"stop"/)
  })

  it('writes one line of JSON instead of a page where the log is asked to be JSON', async () => {
    const running = begin(['start', '--port', '0', '--log-format', 'json'])
    running.child.stderr?.once('data', () => running.child.kill('SIGTERM'))
    const { code, stdout, stderr } = await running.ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({
      msg: 'listening',
      url: expect.stringMatching(/^http:/),
      source: 'built-in',
    })
  })
})

describe('sluice chat', () => {
  it('starts a sluice of its own when none runs, and asks what is piped in', async () => {
    const { code, stdout, stderr } = await sluice(['chat', '--config', '/dev/null', '-m', 'text'], {
      input: 'a question\n',
    })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Water finds its way\..*\n$/)
    expect(stderr).toMatch(/^sluice: no provider is configured; the scripted one answers\nfirst token/)
  })

  it('says that an answer broke off, on a line of its own, and exits with 1', async () => {
    const { code, stdout, stderr } = await sluice(['chat', '--config', '/dev/null', '-m', 'cut', 'go'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/\S\n$/)
    expect(stderr).toMatch(/^sluice: the answer is not whole: /m)
  })
})

describe('sluice script', () => {
  it('plays a script until it is told to stop', async () => {
    const { said, child, ended } = begin(['script', '--port', '0'])
    const [, url = ''] = await said(/the scripted provider is listening on (http:\S+)/)
    await said(/Anthropic/)
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'text', messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(JSON.stringify(await answer.json())).toContain('Water finds its way')
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
  })

  it('plays a server that ignores the wish for a stream', async () => {
    const { said, child, ended } = begin(['script', '--port', '0', '--streaming', 'ignores'])
    const [, url = ''] = await said(/the scripted provider is listening on (http:\S+)/)
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'text', stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(answer.headers.get('content-type')).toBe('application/json')
    await answer.text()
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
  })

  it('plays a file of one script whatever is asked, also by the name of a built-in one', async () => {
    const file = join(emptyFolder(), 'one.toml')
    writeFileSync(file, 'steps = [{ text = "only this" }]\n')
    const { said, child, ended } = begin(['script', file, '--port', '0'])
    const [, url = ''] = await said(/the scripted provider is listening on (http:\S+)/)
    await said(/whatever is asked/)
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'text', messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(JSON.stringify(await answer.json())).toContain('only this')
    child.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })
})
