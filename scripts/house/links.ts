import { posix } from 'node:path'
import { type Finding, lineAt, type Rule } from './rule.ts'

const link = /(?:\]\(|<(?:img|a|source)\b[^>]*?\b(?:src|srcset|href)=")(?!https?:|mailto:|#)([^)\s"#]+)/g

/** Links between the pages, to pictures and to files lead somewhere. */
export const links: Rule = {
  name: 'links',
  remedy: 'Mend the link, or the name of what it leads to.',
  check(tree) {
    const folders = new Set([...tree.keys()].map((path) => posix.dirname(path)))
    const findings: Finding[] = []
    for (const [file, text] of tree) {
      if (!file.endsWith('.md')) continue
      for (const match of text.matchAll(link)) {
        const path = posix.join(posix.dirname(file), match[1]!).replace(/\/$/, '')
        const exists = tree.has(path) || [...folders].some((folder) => folder === path || folder.startsWith(`${path}/`))
        if (!exists) findings.push({ file, line: lineAt(text, match.index), found: `${match[1]} does not exist` })
      }
    }
    return findings
  },
}
