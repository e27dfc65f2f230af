import { errorCodes } from '../../src/errors/index.ts'
import type { Finding, Rule } from './rule.ts'

const page = 'docs/errors.md'

/** The table of error codes is said twice, in src/errors/codes.ts and on the page for people; both say the same. */
export const errorDocs: Rule = {
  name: 'error-docs',
  remedy: `Change ${page} to what src/errors/codes.ts says: | \`code\` | status | kind | retry | meaning | what to do |`,
  check(tree) {
    const findings: Finding[] = []
    const rows = readRows(tree.get(page) ?? '')
    for (const [code, { status, kind, retry, means }] of Object.entries(errorCodes)) {
      const row = rows.get(code)
      if (!row) {
        findings.push({ file: page, found: `has no row for ${code}` })
        continue
      }
      const wanted = { status: String(status), kind, retry: retry ? 'yes' : 'no', meaning: means }
      for (const [column, value] of Object.entries(wanted)) {
        const written = row.cells[column as keyof typeof wanted]
        if (written === value) continue
        findings.push({
          file: page,
          line: row.line,
          found: `${code}: ${column} is "${written}", in the code "${value}"`,
        })
      }
      if (row.advice === '') findings.push({ file: page, line: row.line, found: `${code}: does not say what to do` })
    }
    for (const [code, { line }] of rows) {
      if (!Object.hasOwn(errorCodes, code))
        findings.push({ file: page, line, found: `${code} is not a code (any more)` })
    }
    return findings
  },
}

function readRows(text: string) {
  const lines = text.split('\n').map((written, index) => ({ cells: written.split('|').slice(1, -1), line: index + 1 }))
  return new Map(
    lines.flatMap(({ cells, line }) => {
      const [code, status, kind, retry, meaning, advice] = cells.map((cell) => cell.trim())
      const name = /^`(\w+)`$/.exec(code ?? '')?.[1]
      if (name === undefined || cells.length !== 6) return []
      return [[name, { line, cells: { status, kind, retry, meaning }, advice }] as const]
    }),
  )
}
