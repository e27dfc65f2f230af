/**
 * Stands in for a coding agent: finds its gateway where the real one would, asks once with the vendor's own SDK, and
 * prints what it was given and what it got. Its prompt says what else it is to do.
 *
 *     node fake-agent.ts <name> [args]
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'

interface Said {
  model: string
  text: string
}

const [name = '', ...args] = process.argv.slice(2)
const { env } = process
const question = { role: 'user' as const, content: 'hi' }

const asks: Record<string, () => Promise<Said>> = {
  async claude() {
    const file = args[args.indexOf('--settings') + 1] ?? ''
    const laid = { ...env, ...(JSON.parse(readFileSync(file, 'utf8')) as { env: Record<string, string> }).env }
    if (laid.ANTHROPIC_API_KEY) throw new Error('two keys')
    const client = new Anthropic({
      baseURL: laid.ANTHROPIC_BASE_URL,
      authToken: laid.ANTHROPIC_AUTH_TOKEN,
      apiKey: null,
    })
    const model = laid.ANTHROPIC_MODEL ?? 'claude-usual'
    const stream = client.messages.stream({ model, max_tokens: 50, messages: [question] })
    return { model, text: await stream.finalText() }
  },

  async codex() {
    const set: Record<string, string> = {}
    args.forEach((arg, i) => {
      const [, key, value] = args[i - 1] === '-c' ? (/^([\w.]+)=(.*)$/.exec(arg) ?? []) : []
      if (key !== undefined) set[key] = JSON.parse(value!) as string
    })
    const provider = `model_providers.${set.model_provider}`
    const client = new OpenAI({ baseURL: set[`${provider}.base_url`], apiKey: env[set[`${provider}.env_key`]!] ?? '' })
    const model = set.model ?? 'gpt-usual'
    const stream = client.responses.stream({ model, input: 'hi' })
    return { model, text: (await stream.finalResponse()).output_text }
  },

  async gemini() {
    const settings = JSON.parse(readFileSync(join(env.GEMINI_CLI_HOME!, '.gemini/settings.json'), 'utf8'))
    if (settings.security.auth.selectedType !== 'gemini-api-key') throw new Error('Invalid auth method selected.')
    const httpOptions = { baseUrl: env.GOOGLE_GEMINI_BASE_URL! }
    const client = new GoogleGenAI({ apiKey: env.GEMINI_API_KEY!, httpOptions })
    const model = env.GEMINI_MODEL ?? 'gemini-usual'
    let text = ''
    for await (const chunk of await client.models.generateContentStream({ model, contents: 'hi' }))
      text += chunk.text ?? ''
    return { model, text }
  },

  async opencode() {
    const config = JSON.parse(env.OPENCODE_CONFIG_CONTENT!)
    const [provider, ...rest] = (config.model as string).split('/')
    const model = rest.join('/')
    if (!(model in config.provider[provider!].models)) throw new Error('Model not found')
    const client = new OpenAI(config.provider[provider!].options)
    const stream = client.chat.completions.stream({ model, messages: [question] })
    return { model, text: (await stream.finalContent()) ?? '' }
  },
}

function print(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

if (args.includes('wait for a signal')) {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      print({ signal })
      process.exit(9)
    })
  }
  setInterval(() => {}, 1000)
  print('waiting')
} else if (args.includes('die')) {
  process.kill(process.pid, 'SIGKILL')
} else {
  const told = { args, env, ...(await asks[name]!()) }
  print(told)
  process.exitCode = args.includes('fail') ? 7 : 0
}
