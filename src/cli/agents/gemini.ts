import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandError } from '../failure.ts'
import type { Agent } from './agent.ts'

/**
 * Gemini CLI. It goes to another address only where an API key is the way to sign in that its settings have chosen, and
 * no variable and no flag can choose that. So it gets a home of its own, in which everything is a link to the user's,
 * but for a copy of the settings in which that choice is made.
 */
export const gemini: Agent = {
  name: 'gemini',
  title: 'Gemini CLI',
  install: 'npm install -g @google/gemini-cli',
  settings({ url, key, model, smallModel, env, folder }) {
    const home = env.GEMINI_CLI_HOME || env.HOME || homedir()
    const mirror = join(folder, '.gemini')
    linkAll(home, join(home, '.gemini'), folder, mirror)
    const settings = withOurs(readSettings(join(home, '.gemini', 'settings.json')), model, smallModel ?? model)
    writeFileSync(join(mirror, 'settings.json'), JSON.stringify(settings, undefined, 2), { mode: 0o600 })
    return {
      env: {
        GEMINI_CLI_HOME: folder,
        GOOGLE_GEMINI_BASE_URL: url,
        GEMINI_API_KEY: key,
        ...(model !== undefined && { GEMINI_MODEL: model }),
        // Not taken away but empty: what is not there may come back from a `.env` of the project.
        GOOGLE_API_KEY: '',
        GOOGLE_GENAI_USE_VERTEXAI: '',
        GOOGLE_GENAI_USE_GCA: '',
      },
      args: [],
    }
  },
}

function linkAll(home: string, from: string, newHome: string, to: string): void {
  mkdirSync(to, { mode: 0o700 })
  if (existsSync(join(home, '.env'))) symlinkSync(join(home, '.env'), join(newHome, '.env'))
  if (!existsSync(from)) return
  for (const name of readdirSync(from)) {
    // A junction is what folders are linked with on Windows; elsewhere the word means nothing.
    if (name !== 'settings.json') symlinkSync(join(from, name), join(to, name), 'junction')
  }
}

type Settings = Record<string, unknown>

/** Settings as they stand in the file, where comments are allowed. @throws CommandError */
function readSettings(file: string): Settings {
  if (!existsSync(file)) return {}
  const text = readFileSync(file, 'utf8')
  try {
    return JSON.parse(text.replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, '$1')) as Settings
  } catch (cause) {
    throw new CommandError(`cannot read the settings of Gemini CLI: ${file} is no JSON; mend it`, { cause })
  }
}

/** What Gemini CLI calls its work beside the conversation, for each of which it would ask for a model of Google's. */
const smallWork = [
  'classifier',
  'prompt-completion',
  'fast-ack-helper',
  'edit-corrector',
  'summarizer-default',
  'summarizer-shell',
  'agent-history-provider-summarizer',
  'context-calibrator',
  // All that looks for loops, mends edits and asks who speaks next.
  'gemini-3-flash-base',
]
const largeWork = ['chat-compression-default', 'loop-detection-double-check']

function withOurs(settings: Settings, model: string | undefined, small: string | undefined): Settings {
  const security = part(settings, 'security')
  const configs = part(settings, 'modelConfigs')
  const given = Array.isArray(configs.customOverrides) ? configs.customOverrides : []
  return {
    ...settings,
    security: { ...security, auth: { ...part(security, 'auth'), selectedType: 'gemini-api-key' } },
    modelConfigs: { ...configs, customOverrides: [...given, ...allTo(smallWork, small), ...allTo(largeWork, model)] },
  }
}

function allTo(work: readonly string[], model: string | undefined): Settings[] {
  return model === undefined ? [] : work.map((name) => ({ match: { model: name }, modelConfig: { model } }))
}

function part(settings: Settings, name: string): Settings {
  const value = settings[name]
  return typeof value === 'object' && value !== null ? (value as Settings) : {}
}
