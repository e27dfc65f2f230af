/**
 * The coding agents themselves through `sluice run`: each is given a prompt, and then one that takes a tool call, both
 * answered by the scripted provider in the OpenAI dialect. It needs npm's registry for the agents (a few hundred MB
 * each, kept outside the repository) and no other network; so it stands outside the test run. An agent that cannot
 * be installed is skipped aloud.
 *
 *     npm run agents               all of them
 *     npm run agents -- codex      one
 */
import { execFileSync, execSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { type Script, startScripted } from '../src/providers/scripted/index.ts'

interface Trial {
  package: string
  /** What makes it answer one prompt and end. */
  headless(prompt: string): string[]
  /** How it reads a file. */
  tool(file: string): { tool: string; arguments: Record<string, string> }
  env?: Record<string, string>
}

const trials: Record<string, Trial> = {
  claude: {
    package: '@anthropic-ai/claude-code',
    headless: (prompt) => ['-p', prompt, '--allowedTools', 'Read'],
    tool: (file) => ({ tool: 'Read', arguments: { file_path: file } }),
    env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
  },
  codex: {
    package: '@openai/codex',
    headless: (prompt) => ['exec', '--skip-git-repo-check', '--sandbox', 'danger-full-access', prompt],
    tool: (file) => ({ tool: 'exec_command', arguments: { cmd: `cat ${file}` } }),
  },
  gemini: {
    package: '@google/gemini-cli',
    headless: (prompt) => ['-p', prompt],
    tool: (file) => ({ tool: 'read_file', arguments: { file_path: file } }),
    env: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
  },
  opencode: {
    package: 'opencode-ai',
    headless: (prompt) => ['run', prompt],
    tool: (file) => ({ tool: 'read', arguments: { filePath: file } }),
    env: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
  },
}

const secret = 'the gate stands at forty-two'
const hello = 'Hello from the other side of the sluice.'
const done = 'The file has been read through the sluice.'
const main = resolve(import.meta.dirname, '../src/cli/main.ts')
const wanted = process.argv.slice(2)

for (const [name, trial] of Object.entries(trials)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const folder = install(name, trial.package)
  if (folder !== undefined) await tryOut(name, trial, folder)
}

/** @returns the folder of its executable, or nothing where it is not to be had */
function install(name: string, source: string): string | undefined {
  const folder = join(tmpdir(), 'sluice-agents', name)
  const home = join(folder, 'node_modules', source)
  if (!existsSync(home)) {
    console.log(`installing ${source} …`)
    mkdirSync(folder, { recursive: true })
    try {
      const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', source]
      execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'pipe'] })
      // npm may ask before it runs a package's own installer; these only put the program in its place.
      const { scripts } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
      if (scripts?.postinstall) execSync(scripts.postinstall, { cwd: home, stdio: 'ignore' })
    } catch (thrown) {
      rmSync(folder, { recursive: true, force: true })
      console.log(`skipped  ${name}: ${source} cannot be installed: ${(thrown as Error).message.split('\n')[0]}`)
      return undefined
    }
  }
  return join(folder, 'node_modules/.bin')
}

async function tryOut(name: string, trial: Trial, folder: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'sluice-agents-'))
  const project = join(work, 'project')
  mkdirSync(project)
  const file = join(project, 'notes.txt')
  writeFileSync(file, `${secret}\n`)
  const call = { ...trial.tool(file), pieces: 4 }
  const scripts: Record<string, Script> = {
    prompt: { steps: [{ text: hello, chunk: 'word' }] },
    tool: {
      turns: [
        { steps: [{ text: 'I will read the file.', chunk: 'word' }, call] },
        { steps: [{ text: done, chunk: 'word' }] },
      ],
    },
  }
  const scripted = await startScripted({ scripts: { scripts } })
  const config = join(work, 'sluice.toml')
  writeFileSync(
    config,
    `[[providers]]\nname = "house"\ndialect = "openai-chat"\nbase_url = "${scripted.url}/v1"\nmodels = ["prompt", "tool"]\n`,
  )
  const run = (model: string, prompt: string): Promise<string> => {
    const args = ['run', '--config', config, '-m', model, name, ...trial.headless(prompt)]
    const path = [folder, dirname(process.execPath), process.env.PATH].join(delimiter)
    return output([main, ...args], project, { PATH: path, HOME: work, TERM: 'dumb', ...trial.env })
  }
  try {
    expect(`${name} answers a prompt`, await run('house/prompt', 'say hello'), hello)
    expect(`${name} makes a tool call and goes on`, await run('house/tool', 'read notes.txt'), done)
    const results = scripted.requests.map((one) => JSON.stringify(one.body)).filter((body) => body.includes(secret))
    expect(`${name} sends the result of the tool`, results.at(-1), secret)
  } finally {
    await scripted.close()
    rmSync(work, { recursive: true, force: true, maxRetries: 3 })
  }
}

function output(args: string[], cwd: string, env: Record<string, string>): Promise<string> {
  return new Promise((end, fail) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (piece: Buffer) => {
        out += piece.toString()
      })
    }
    const timer = setTimeout(() => child.kill(), 120_000)
    child.on('error', fail)
    child.on('close', (code) => {
      clearTimeout(timer)
      end(code === 0 ? out.trim() : `exit code ${code}: ${out.trim()}`)
    })
  })
}

function expect(what: string, found: string | undefined, text: string): void {
  if (found?.includes(text) && !found.startsWith('exit code')) {
    console.log(`ok  ${what}`)
    return
  }
  console.error(`not ok  ${what}: wanted "${text}", found "${(found ?? 'nothing').slice(-1500)}"`)
  process.exitCode = 1
}
