import { Command } from 'commander'
import type { NamedTransformer } from '../pipeline/index.ts'

export function transformersCommand(): Command {
  return new Command('transformers')
    .description('List what can change requests and answers, with the options of each.')
    .argument('[name]', 'only this one')
    .addHelpText(
      'after',
      `
Name them in \`transformers\` of [[providers]] or [[models]]; options go into a
[[transformers]] table.

Examples:
  sluice transformers
  sluice transformers system-text`,
    )
    .action(transformers)
}

async function transformers(name: string | undefined): Promise<void> {
  const { standardTransformers } = await import('../pipeline/index.ts')
  const found = standardTransformers.filter((one) => name === undefined || one.name === name)
  if (found.length === 0) {
    const { SluiceError } = await import('../errors/index.ts')
    const { nearNames } = await import('../routing/index.ts')
    const names = standardTransformers.map((one) => one.name)
    const near = nearNames(name ?? '', names)
    throw new SluiceError(
      'config_invalid',
      `cannot find the transformer "${name}": there ${near.length > 0 ? `is ${near.join(', ')}` : `are ${names.join(', ')}`}`,
    )
  }
  const paragraphs = await Promise.all(found.map(described))
  process.stdout.write(`${paragraphs.join('\n')}\n`)
}

async function described({ name, means, on, options }: NamedTransformer): Promise<string> {
  const { shapeWords } = await import('../pipeline/index.ts')
  const { snakeCase } = await import('../config/index.ts')
  const rows = Object.entries(options).map(([option, { shape, means: meaning, required }]) => {
    const must = required ? ', required' : ''
    return `  ${snakeCase(option).padEnd(width)} ${meaning} (${shapeWords[shape]}${must})`
  })
  return [`${name} (${on.join(' and ')})`, `  ${means}`, ...rows].join('\n').replaceAll('`', '')
}

const width = 15
