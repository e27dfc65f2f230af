/**
 * Claude Code through sluice: a prompt and a tool call, answered by the scripted provider in the OpenAI dialect. It
 * needs npm's registry for the package `@anthropic-ai/claude-code` (about 240 MB, kept outside the repository) and no
 * other network; so it stands outside the test run.
 *
 *     npm run claude-code
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSluice } from '../src/index.ts'
import { type Script, startScripted } from '../src/providers/scripted/index.ts'

const secret = 'the gate stands at forty-two'
const work = mkdtempSync(join(tmpdir(), 'sluice-claude-code-'))
const file = join(work, 'notes.txt')
writeFileSync(file, `${secret}\n`)

const scripts: Record<string, Script> = {
  prompt: { steps: [{ text: 'Hello from the other side of the sluice.', chunk: 'word' }] },
  tool: {
    turns: [
      {
        steps: [
          { text: 'I will read the file.', chunk: 'word' },
          { tool: 'Read', arguments: { file_path: file }, pieces: 4 },
        ],
      },
      { steps: [{ text: 'The file has been read through the sluice.', chunk: 'word' }] },
    ],
  },
}

const claude = install()
const scripted = await startScripted({ scripts: { scripts } })
const sluice = await createSluice({
  port: 0,
  env: {},
  logLevel: 'warn',
  config: { providers: [{ name: 'house', dialect: 'openai-chat', base_url: `${scripted.url}/v1` }] },
})

try {
  expect('a prompt is answered', await ask('house/prompt', 'say hello'), 'Hello from the other side of the sluice.')
  expect(
    'a tool call is made and its result answered',
    await ask('house/tool', 'read notes.txt'),
    'The file has been read',
  )
  const seen = JSON.stringify(scripted.requests.at(-1)?.body)
  expect('the result of the tool reached the provider', seen, secret)
  console.log('Claude Code works through sluice.')
} finally {
  await sluice.close()
  await scripted.close()
  rmSync(work, { recursive: true, force: true })
}

function install(): string {
  const folder = join(tmpdir(), 'sluice-claude-code')
  const home = join(folder, 'node_modules/@anthropic-ai/claude-code')
  if (!existsSync(home)) {
    console.log('installing @anthropic-ai/claude-code …')
    mkdirSync(folder, { recursive: true })
    execFileSync('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', '@anthropic-ai/claude-code'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    // npm asks before it runs a package's own installer; this one only puts the program in its place.
    execFileSync(process.execPath, ['install.cjs'], { cwd: home })
  }
  return join(folder, 'node_modules/.bin/claude')
}

function ask(model: string, prompt: string): Promise<string> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: work,
    ANTHROPIC_BASE_URL: sluice.url,
    ANTHROPIC_AUTH_TOKEN: 'any',
    ANTHROPIC_MODEL: model,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }
  return new Promise((resolve, reject) => {
    const child = spawn(claude, ['-p', prompt, '--allowedTools', 'Read'], {
      cwd: work,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (piece: Buffer) => {
      out += piece.toString()
    })
    const timer = setTimeout(() => child.kill(), 60_000)
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      resolve(out.trim())
    })
  })
}

function expect(what: string, found: string | undefined, wanted: string): void {
  if (found?.includes(wanted)) {
    console.log(`ok  ${what}`)
    return
  }
  console.error(`not ok  ${what}: wanted "${wanted}", found "${(found ?? 'nothing').slice(0, 500)}"`)
  process.exitCode = 1
}
