import { SluiceError } from '../../errors/index.ts'
import { findPackage } from './find-package.ts'
import type { LanguageModel } from './model.ts'
import type { PackageSource } from './source.ts'

export type ModelMaker = (id: string) => LanguageModel

type Made = ModelMaker & Record<string, unknown>

/**
 * Loads a package and makes its provider with the options of the configuration.
 *
 * @param extra options that are ours to give, such as `fetch`
 * @throws SluiceError `config_invalid` for a package that is missing, or is none of the AI SDK
 */
export async function loadPackage(source: PackageSource, extra: Record<string, unknown>): Promise<ModelMaker> {
  const module = await importPackage(source.package)
  const factory = factoryOf(module, source)
  const provider = factory({ ...extra, ...source.options }) as Made | undefined
  const { method } = source
  if (method !== undefined) {
    const make = provider?.[method]
    if (typeof make !== 'function') throw unusable(source, `its provider has no method \`${method}\``)
    return (id) => checked(source, make.call(provider, id))
  }
  const make = provider?.languageModel
  if (typeof make === 'function') return (id) => checked(source, make.call(provider, id))
  if (typeof provider === 'function') return (id) => checked(source, provider(id))
  throw unusable(source, 'what it makes is no provider of language models')
}

async function importPackage(name: string): Promise<Record<string, unknown>> {
  const file = findPackage(name)
  if (file === undefined) {
    throw new SluiceError(
      'config_invalid',
      `cannot load the package "${name}": it is not installed where sluice runs; install it there with \`npm install ${name}\``,
    )
  }
  try {
    return (await import(/* @vite-ignore */ file)) as Record<string, unknown>
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause)
    throw new SluiceError('config_invalid', `cannot load the package "${name}": ${found}; install it anew`, { cause })
  }
}

type Factory = (options: Record<string, unknown>) => unknown

/** The export that makes a provider. Packages keep an older name for it, so one function may stand there twice. */
function factoryOf(module: Record<string, unknown>, source: PackageSource): Factory {
  const { create } = source
  if (create !== undefined) {
    const named = module[create]
    if (typeof named === 'function') return named as Factory
    throw unusable(source, `it has no function \`${create}\``)
  }
  const names = Object.keys(module).filter((name) => /^create[A-Z]/.test(name) && typeof module[name] === 'function')
  const [first, ...others] = new Set(names.map((name) => module[name] as Factory))
  if (first && others.length === 0) return first
  throw unusable(
    source,
    first
      ? `it has several functions that make a provider (${names.join(', ')}); name one in \`create\``
      : 'it has no function whose name begins with `create`; name the one that makes a provider in `create`',
  )
}

function checked(source: PackageSource, model: unknown): LanguageModel {
  const { specificationVersion: version, doStream } = (model ?? {}) as Partial<LanguageModel>
  if (version !== undefined && known.has(version) && typeof doStream === 'function') return model as LanguageModel
  const found = version === undefined ? 'what it makes is no language model' : `its models follow version ${version}`
  throw unusable(source, `${found}; sluice knows ${[...known].join(', ')} of the specification`)
}

const known: ReadonlySet<string> = new Set(['v2', 'v3', 'v4'])

function unusable({ package: name }: PackageSource, found: string): SluiceError {
  return new SluiceError('config_invalid', `cannot use the package "${name}": ${found}`)
}
