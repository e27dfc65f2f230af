import type { Finding, Rule } from './rule.ts'

const file = 'package.json'

interface Package {
  bin: Record<string, string>
  exports: Record<string, string | { source: string; types: string; default: string }>
}

/** What the package promises under `exports` and `bin` is what src/ has and what the build will write. */
export const entries: Rule = {
  name: 'entries',
  remedy:
    'An entry is named after its folder: source ./src/sse/index.ts, types and default the same path under ./dist.',
  check(tree) {
    const { bin, exports } = JSON.parse(tree.get(file) ?? '{"bin":{},"exports":{}}') as Package
    const findings: Finding[] = []
    for (const [name, entry] of Object.entries(exports)) {
      if (typeof entry === 'string') continue
      const room = name === '.' ? '' : name.slice(1)
      // An inner room such as `providers/scripted` may have an entry too, under its own name.
      if (!entry.source.startsWith('./src/') || !entry.source.endsWith(`${room}/index.ts`))
        findings.push({ file, found: `${name}: source is ${entry.source}` })
      if (!tree.has(entry.source.slice(2))) findings.push({ file, found: `${name}: ${entry.source} does not exist` })
      const built = entry.source.replace('./src/', './dist/').replace(/\.ts$/, '')
      for (const [condition, path] of Object.entries({ types: `${built}.d.ts`, default: `${built}.js` })) {
        const written = entry[condition as 'types' | 'default']
        if (written !== path)
          findings.push({ file, found: `${name}: ${condition} is ${written}, the build writes ${path}` })
      }
    }
    for (const [name, path] of Object.entries(bin)) {
      const source = path.replace(/^(?:\.\/)?dist\//, 'src/').replace(/\.js$/, '.ts')
      if (!tree.has(source)) findings.push({ file, found: `bin ${name}: ${source} does not exist` })
    }
    return findings
  },
}
