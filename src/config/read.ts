import { parse, TomlError } from 'smol-toml'
import type { Config } from './config.ts'
import { layEnvironment } from './environment.ts'
import { explain, type SchemaNode } from './explain.ts'
import { type ConfigFlags, layFlags } from './flags.ts'
import { interpolate } from './interpolate.ts'
import { locate } from './locate.ts'
import { Problems } from './problems.ts'
import { resolveConfig } from './resolve.ts'
import { type ConfigOptions, configSchema } from './schema.ts'
import { findSource, readSource } from './source.ts'

export interface ReadOptions {
  /** The file to read. With none of `file`, `text` and `options`, the usual places are looked at. */
  file?: string | undefined
  /** The text of a file; `file` then only says what messages call it. */
  text?: string | undefined
  /** The file's content as an object. */
  options?: ConfigOptions | undefined
  env: Record<string, string | undefined>
  flags?: ConfigFlags
  /** Where `sluice.toml` is looked for. Default: the working directory. */
  cwd?: string
  /** Also looks at the files and packages that providers need. Else the first request does, for which they may be there. */
  thorough?: boolean
}

/**
 * The configuration, checked, with flags over the environment, both over the file, and defaults under it. Without providers in the file those of
 * the environment are taken; where there are none either, `providers` is empty.
 *
 * @throws SluiceError `config_invalid` that lists every mistake, a line each; `details.problems` holds them as
 *   `Problem[]`. No message contains a key.
 */
export function readConfig(options: ReadOptions): Config {
  const { file, text } = sourceOf(options)
  const problems = new Problems(file, text === undefined ? () => undefined : lazily(() => locate(text)))
  const raw = text === undefined ? (options.options ?? {}) : parseToml(text, problems)

  const value = interpolate(raw, options.env, (path, message) => problems.add(path, message))
  explain(configSchema as SchemaNode, value, {
    raw,
    report: (path, message) => problems.add(path, message),
    skip: (path) => problems.has(path),
  })
  const above = layEnvironment(value as ConfigOptions, options.env, problems)
  const laid = layFlags(above, options.flags ?? {}, problems)
  const from = file ?? (options.options === undefined ? undefined : 'options')
  const { env, flags = {}, thorough = false } = options
  const config = resolveConfig({ options: laid, raw, from, env, flags, thorough, problems })
  return { ...config, ...(file !== undefined && { file }) }
}

function sourceOf({ file, text, options, env, cwd }: ReadOptions): { file?: string; text?: string } {
  if (text !== undefined) return { file: file ?? 'sluice.toml', text }
  if (file !== undefined) return readSource(file)
  if (options !== undefined) return {}
  return findSource(env, cwd ?? process.cwd()) ?? {}
}

function parseToml(text: string, problems: Problems): unknown {
  try {
    return parse(text)
  } catch (thrown) {
    if (!(thrown instanceof TomlError)) throw thrown
    // The parser's message goes on with the lines around, which may hold keys.
    const what = thrown.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '')
    problems.addAt(thrown.line, `cannot read the TOML at column ${thrown.column}: ${what}`)
    problems.check()
    throw thrown
  }
}

// Lines are only asked for when there is a mistake, and a good file need not be scanned for them.
function lazily<A, B>(make: () => (input: A) => B): (input: A) => B {
  let made: ((input: A) => B) | undefined
  return (input) => {
    made ??= make()
    return made(input)
  }
}
