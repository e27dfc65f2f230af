import { resolve as toPath } from 'node:path'
import { SluiceError } from '../errors/index.ts'
import { type NamedTransformer, standardTransformers, type Transformer, TransformerChain } from '../pipeline/index.ts'
import { nearNames } from '../routing/index.ts'
import type { TransformerConfig, TransformersConfig } from './config.ts'
import { folderOf } from './folder.ts'
import type { Path } from './path.ts'
import type { ConfigOptions } from './schema.ts'
import { camelCase, snakeCase } from './spelling.ts'
import { toMs } from './units.ts'
import { checkNames, good, listed, type Written } from './written.ts'

type Options = NonNullable<ConfigOptions['transformers']>[number]

const standard = new TransformerChain()

/** The `[[transformers]]` and the lists that name them. Of use only when no problem has come up. */
export function listTransformers(written: Written): TransformersConfig {
  const own = listed(written, 'transformers').flatMap(({ path }) => {
    const options = good<Options>(written, path)
    const made = options && transformerOf(written, path, options)
    return made ? [made] : []
  })
  checkNames(written, 'transformers', 'transformer')
  const known = new Set(listed(written, 'transformers').map(({ name }) => name))
  const lists = (key: 'providers' | 'models'): Record<string, string[]> => {
    const entries = listed(written, key).flatMap(({ path, name }): [string, string[]][] => {
      const names = good<string[]>(written, [...path, 'transformers'])
      if (typeof name !== 'string' || !names || names.length === 0) return []
      names.forEach((one, i) => {
        if (!known.has(one)) checkStandard(written, [...path, 'transformers', i], one, known)
      })
      return [[name, [...names]]]
    })
    return Object.fromEntries(entries)
  }
  return { own, providers: lists('providers'), aliases: lists('models') }
}

function transformerOf(written: Written, path: Path, options: Options): TransformerConfig | undefined {
  const { problems } = written
  const { name, use, module, models, client_keys: clientKeys, on_error: onError, timeout } = options
  const report = (key: string, message: string): undefined => {
    problems.add([...path, key], message)
    return undefined
  }
  const scope = {
    ...(models && { models: [...models] }),
    ...(clientKeys && { clientKeys: [...clientKeys] }),
  }
  if (module !== undefined) {
    if (use !== undefined) return report('use', 'found both `use` and `module`; write one of them')
    return {
      name,
      module: toPath(folderOf(written.from), module),
      place: problems.placeOf([...path, 'module']),
      options: { ...options.options },
      ...(onError && { onError }),
      ...(timeout !== undefined && { timeoutMs: toMs(timeout) }),
      ...scope,
    }
  }
  for (const [key, value] of Object.entries({ on_error: onError, timeout })) {
    if (value !== undefined) return report(key, 'found one without a `module`, and only those can fail; remove it')
  }
  const base = use ?? name
  if (!standard.names.includes(base)) {
    const near = nearNames(base, standard.names)
    const choice = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${standard.names.join(', ')}`
    return use === undefined
      ? report(
          'name',
          `found ${JSON.stringify(name)}, which sluice does not bring; write \`use\` or \`module\` as well`,
        )
      : report('use', `found ${JSON.stringify(use)}, which is no transformer; ${choice}`)
  }
  const transformer = makeStandard(written, [...path, 'options'], base, options.options ?? {})
  return transformer && { name, use: base, options: { ...options.options }, transformer, ...scope }
}

/** Options are written in snake_case here, as all of the file is. */
function makeStandard(
  written: Written,
  path: Path,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Transformer | undefined {
  const rows = optionsOf(name)
  let faults = 0
  const entries = Object.entries(given).map(([key, value]) => {
    const option = camelCase(key)
    if (!Object.hasOwn(rows, option) || key !== snakeCase(option)) {
      faults++
      const keys = Object.keys(rows).map(snakeCase)
      const choice = keys.length === 0 ? 'it takes none' : `there are ${keys.join(', ')}`
      written.problems.add([...path, key], `the transformer "${name}" has no such option; ${choice}`)
    }
    return [option, value] as const
  })
  if (faults > 0) return undefined
  try {
    return standard.make(name, Object.fromEntries(entries))
  } catch (thrown) {
    const { option, message } = explained(thrown, name)
    written.problems.add(option === undefined ? path : [...path, option], message)
    return undefined
  }
}

/** One that sluice brings, named in a list without a table of its own. */
function checkStandard(written: Written, path: Path, name: string, known: ReadonlySet<unknown>): void {
  if (!standard.names.includes(name)) {
    const names = [...new Set([...known].filter((one) => typeof one === 'string')), ...standard.names]
    const near = nearNames(name, names)
    const choice = near.length > 0 ? `did you mean ${near.join(', ')}?` : `there are ${names.join(', ')}`
    written.problems.add(path, `found ${JSON.stringify(name)}, which is no transformer; ${choice}`)
    return
  }
  try {
    standard.make(name)
  } catch (thrown) {
    const { message } = explained(thrown, name)
    written.problems.add(path, `${message}; write a [[transformers]] called "${name}" with its options`)
  }
}

function optionsOf(name: string): NamedTransformer['options'] {
  return standardTransformers.find((one) => one.name === name)?.options ?? {}
}

function explained(thrown: unknown, name: string): { option: string | undefined; message: string } {
  if (!SluiceError.is(thrown)) throw thrown
  const field = thrown.param?.slice(name.length + 1)
  const plain = thrown.message.replace(` (transformer "${name}")`, '')
  // Options are named in it as the code spells them.
  const message = Object.keys(optionsOf(name)).reduce(
    (text, key) => text.replaceAll(`\`${key}\``, `\`${snakeCase(key)}\``),
    plain,
  )
  return { option: field ? snakeCase(field) : undefined, message }
}
