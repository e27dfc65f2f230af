import type { IncomingHttpHeaders } from 'node:http'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import type { Ask } from './ask.ts'
import { builtinScripts } from './builtin.ts'
import { checkScript } from './check.ts'
import { defaultScript } from './default.ts'
import { untagged } from './ollama-answers.ts'
import type { Script, ScriptFile, Turn } from './script.ts'

export interface Choice {
  turn: Turn
  /** For the log. */
  name: string
  /** Equal for equal scripts: what `times` counts by. */
  key: string
  /** What plays for the other models that were asked. */
  others?: Array<{ ask: Ask; turn: Turn }>
}

/**
 * Which script plays: the server's only one; else the one that the header names; else the one in the last words of the
 * user, which travel through any gateway; else the one that the model is named after; else the default.
 *
 * @throws SluiceError `invalid_request`, `config_invalid`
 */
export function choose(
  ask: Ask,
  headers: IncomingHttpHeaders,
  only: Script | undefined,
  file: ScriptFile | undefined,
): Choice {
  if (only) return choice(only, ask, 'given')
  const header = headers['x-sluice-script']
  if (typeof header === 'string') return asked(fromHeader(header), ask, file, 'the header x-sluice-script')
  for (const text of ask.userTexts.toReversed()) {
    const body = parse(text)
    if (isJsonObject(body) && body.sluice_script !== undefined) {
      return asked(body.sluice_script, ask, file, '`sluice_script` in the prompt')
    }
  }
  for (const name of [ask.model, untagged(ask.model.slice(ask.model.lastIndexOf('/') + 1))]) {
    const script = find(name, file)
    if (script) return choice(script, ask, name)
  }
  const fallback = typeof file?.default === 'string' ? find(file.default, file) : file?.default
  return choice(fallback ?? defaultScript(ask), ask, 'default')
}

/** As `choose`, for every model that was asked. @throws SluiceError `invalid_request`, `config_invalid` */
export function chooseAll(...[ask, ...rest]: Parameters<typeof choose>): Choice {
  const first = choose(ask, ...rest)
  if (ask.otherModels.length === 0) return first
  const others = ask.otherModels.map((model) => {
    const asked = { ...ask, model, otherModels: [] }
    return { ask: asked, turn: choose(asked, ...rest).turn }
  })
  return { ...first, others }
}

/** Every name that a script goes by, those of the file first. */
export function scriptNames(file: ScriptFile | undefined): string[] {
  return [...new Set([...Object.keys(file?.scripts ?? {}), ...Object.keys(builtinScripts)])]
}

export function find(name: string, file: ScriptFile | undefined): Script | undefined {
  if (file && Object.hasOwn(file.scripts, name)) return file.scripts[name]
  return Object.hasOwn(builtinScripts, name) ? builtinScripts[name] : undefined
}

function asked(wanted: unknown, ask: Ask, file: ScriptFile | undefined, source: string): Choice {
  if (typeof wanted !== 'string') return choice(checkScript(wanted, source), ask, 'inline', JSON.stringify(wanted))
  if (wanted === 'default') return choice(defaultScript(ask), ask, 'default')
  const script = find(wanted, file)
  if (script) return choice(script, ask, wanted)
  throw new SluiceError(
    'invalid_request',
    `cannot play ${source}: there is no script "${wanted.slice(0, 60)}"; there are ${scriptNames(file).join(', ')}`,
  )
}

function choice(script: Script, ask: Ask, name: string, key = name): Choice {
  const { turns, ...rest } = script
  if (!turns) return { turn: rest, name, key }
  return { turn: { ...rest, ...turns[Math.min(ask.turn, turns.length - 1)] }, name, key }
}

function fromHeader(header: string): unknown {
  return header.trimStart().startsWith('{') ? (parse(header) ?? header) : header
}

function parse(text: string): unknown {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
