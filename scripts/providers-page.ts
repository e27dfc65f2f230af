/**
 * `node scripts/providers-page.ts`: writes the tables of `docs/providers.md` from the presets and the options of quirks.
 * A test asks that they are up to date.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Preset, presets, quirkOptions, quirkWords } from '../src/providers/index.ts'
import { root } from './run.ts'

const page = join(root, 'docs/providers.md')

/** The page with its tables written anew. */
export async function providersPage(): Promise<{ found: string; wanted: string }> {
  const found = await readFile(page, 'utf8')
  const wanted = between(between(found, 'presets', presetTable()), 'quirks', quirkTable())
  return { found, wanted }
}

function between(text: string, name: string, table: string): string {
  const begin = `<!-- ${name} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf('<!-- end -->', from)
  if (from === -1 || to === -1)
    throw new Error(`cannot write ${page}: it has no place for ${name}; add ${begin} and <!-- end -->`)
  return `${text.slice(0, from + begin.length)}\n${table}\n${text.slice(to)}`
}

function presetTable(): string {
  const rows = (Object.values(presets) as Preset[]).map((one) => {
    const { name, dialect, baseUrl, basePath, keyEnv } = one
    const address = baseUrl ? `\`${baseUrl}\`` : `your own${basePath ? `, \`${basePath}\` behind the host` : ''}`
    const keys = keyEnv.length === 0 ? 'none' : keyEnv.map((key) => `\`${key}\``).join(', ')
    return row([`\`${name}\``, `\`${dialect}\``, address, keys, quirkWords(one).join('; ')])
  })
  return ['| name | dialect | address | key | it |', '|---|---|---|---|---|', ...rows].join('\n')
}

function quirkTable(): string {
  const rows = Object.entries(quirkOptions.properties).map(([name, node]) => {
    const { description = '' } = node as { description?: string }
    return row([`\`${name}\``, written(node), description])
  })
  return ['| quirk | written | means |', '|---|---|---|', ...rows].join('\n')
}

interface Node {
  type?: string
  items?: Node
  enum?: readonly string[]
}

function written(node: Node): string {
  if (node.enum) return node.enum.map((word) => `\`${word}\``).join(', ')
  if (node.items) return node.items.enum ? `list of ${written(node.items)}` : 'list of strings'
  return node.type === 'object' ? 'table of strings' : node.type === 'integer' ? 'number' : (node.type ?? '')
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

if (import.meta.main) {
  const { wanted } = await providersPage()
  await writeFile(page, wanted)
}
