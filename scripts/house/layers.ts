import { importsOf, pathOf } from './imports.ts'
import type { Finding, Rule } from './rule.ts'

/** The rooms under src/, from the top down. A room imports only from rooms that stand before it in this list. */
export const rooms = [
  'errors',
  'flow',
  'sse',
  'framing',
  'tokens',
  'dialects',
  'pipeline',
  'observe',
  'storage',
  'transport',
  'capabilities',
  'providers',
  'resilience',
  'routing',
  'resume',
  'access',
  'config',
  'gateway',
  'server',
  'console',
  'cli',
]

/**
 * Arrows between rooms run one way, and end at a face: the `index.ts` of the room or of a folder right inside it
 * (`providers/scripted/index.ts`). Types obey too: a room that only knows another's types still cannot be read alone.
 * The front door, src/index.ts, may import every room; of the rooms only `cli` may import the front door.
 */
export const layers: Rule = {
  name: 'layers',
  remedy:
    'Move the code down into the room that needs it, hand the value in as an argument or callback, or export it from the face. The order of the rooms stands in scripts/house/layers.ts and docs/architecture.md.',
  check(tree) {
    const findings: Finding[] = []
    for (const [file, text] of tree) {
      if (!file.startsWith('src/') || !file.endsWith('.ts') || file === 'src/index.ts') continue
      const own = roomOf(file)
      if (own === undefined || !rooms.includes(own)) {
        findings.push({ file, found: own === undefined ? 'stands in no room' : `"${own}" is not in the list of rooms` })
        continue
      }
      for (const { specifier, line } of importsOf(text)) {
        const found = breach(file, own, specifier)
        if (found !== undefined) findings.push({ file, line, found })
      }
    }
    return findings
  },
}

function breach(file: string, own: string, specifier: string): string | undefined {
  if (specifier === 'sluice' || specifier.startsWith('sluice/'))
    return `imports its own package by name ("${specifier}")`
  const path = pathOf(file, specifier)
  if (path === undefined) return undefined
  if (!path.startsWith('src/')) return `imports ${path}, which is not in the package`
  if (path === 'src/index.ts') return own === 'cli' ? undefined : `${own} imports the front door, src/index.ts`
  const other = roomOf(path)
  if (other === own) return undefined
  if (other === undefined || !rooms.includes(other)) return `imports ${path}, which is in no room`
  if (rooms.indexOf(other) > rooms.indexOf(own)) return `${own} imports from ${other}, which stands below it`
  if (!/^src\/[^/]+\/(?:[^/]+\/)?index\.ts$/.test(path)) return `imports ${path} past the face of ${other}`
  return undefined
}

function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}
