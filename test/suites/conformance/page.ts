import type { Loss } from './loss.ts'
import type { Cell } from './matrix.ts'
import { contents, summary } from './page-summary.ts'
import { clientNames, upstreamNames } from './parties.ts'

/** `docs/dialects.md` out of the results of the suite. The same results always give the same page. */
export function dialectsPage(cells: readonly Cell[]): string {
  const groups = [...new Set(cells.map(({ feature }) => feature.group))]
  return [
    intro(cells),
    overview(groups, cells),
    ...groups.map((group) =>
      section(
        group,
        cells.filter((cell) => cell.feature.group === group),
      ),
    ),
  ]
    .join('\n')
    .concat('\n')
}

function intro(cells: readonly Cell[]): string {
  const faults = cells.filter(isFault).length
  const count = (grade: string): number => cells.filter(({ outcome }) => outcome.grade === grade).length
  return `# Dialects

Every client can speak to every provider, whatever the language of either. What comes through, and what does not, stands
below. Nobody wrote the tables: \`node scripts/dialects-page.ts\` prints them from the conformance suite
(\`test/suites/conformance/\`), which carries each feature through the codecs of all pairs, and a test fails when the page
is not what the suite says.

| | means | cells |
|---|---|---|
| ✓ | comes through whole | ${count('full')} |
| ◐ | comes through in part, or in another form; the note says how | ${count('partial') - cells.filter((cell) => isFault(cell) && cell.outcome.grade === 'partial').length} |
| ✗ | the request is refused with a clear error that names the field, and no provider is called | ${count('refused')} |
| – | the client's language has no words for it, or the provider's never says it: there is nothing to carry | ${count('n/a') - cells.filter((cell) => isFault(cell) && cell.outcome.grade === 'n/a').length} |
| ! | a known fault of sluice | ${faults} |

Rows are what a client speaks, columns what its provider speaks. Where an answer that is streamed and one that comes whole
differ, the cell says both, in this order. \`field;dropped\` and \`field;changed\` are the words in which the client is told:
those about its request stand in the header \`x-sluice-warnings\`, those about the answer in the log. Every loss has a
reason; the suite takes none that has not, and no reason without a loss.

With one language at both ends nothing is translated unless the provider is marked \`normalise\`: requests and answers go on
as they are, to the byte. The tables show what translating would do there, too. Each provider is taken to be the vendor of
its language, with a model that takes everything; what differs from model to model is in [providers.md](providers.md).

The suite asks whether both ends agree. Whether a language is spoken as its vendor does is asked of the vendors' own SDKs in
\`test/journeys/\`, and of strict grammars (\`test/fixtures/check-wire.ts\`), through which every stream of the suite goes on
its way to the client: order, numbers, one end, nothing behind it.

A provider that is a package of the AI SDK (\`kind = "ai-sdk"\`) is not among the columns: what comes through is up to the package,
and what does not it names itself.

Images and files are never fetched. State that a vendor hands out (signatures, encrypted reasoning) is carried in the slot
that the client's language has for its own, sealed; a client that builds the history anew from what it knows gets it back by
the ids of its calls.
`
}

function overview(groups: readonly string[], cells: readonly Cell[]): string {
  return `## At a glance

How many features come through whole, in part or in another form, or are refused, of those for which both have words.

${summary(cells)}

${contents(groups, cells)}
`
}

function isFault({ reasons }: Cell): boolean {
  return reasons.some(({ fault }) => fault)
}

function section(group: string, cells: readonly Cell[]): string {
  const notes = new Notes()
  const lines = [
    `## ${group}`,
    '',
    `| feature | client | ${upstreamNames.join(' | ')} |`,
    `|---|---|${upstreamNames.map(() => ':---:|').join('')}`,
  ]
  for (const name of new Set(cells.map(({ feature }) => feature.name))) {
    const mine = cells.filter(({ feature }) => feature.name === name)
    let title = name
    for (const [row, clients] of rows(mine, notes)) {
      const who = clients.length === clientNames.length ? 'any' : clients.join(', ')
      lines.push(`| ${title} | ${who} | ${row} |`)
      title = ''
    }
  }
  return [...lines, '', ...notes.lines(), ...(notes.isEmpty ? [] : [''])].join('\n').trimEnd().concat('\n')
}

/** Clients for which everything is the same share a row. */
function rows(cells: readonly Cell[], notes: Notes): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const client of clientNames) {
    const row = upstreamNames
      .map((upstream) =>
        mark(
          cells.filter((cell) => cell.client === client && cell.upstream === upstream),
          notes,
        ),
      )
      .join(' | ')
    found.set(row, [...(found.get(row) ?? []), client])
  }
  return found
}

const marks = { full: '✓', partial: '◐', refused: '✗', 'n/a': '–', broken: '!' } as const

function mark(cells: readonly Cell[], notes: Notes): string {
  const said = cells.map((cell) => {
    const sign = isFault(cell) ? '!' : marks[cell.outcome.grade]
    const numbers = cell.reasons.map((reason) => notes.number(reason, cell))
    return `${sign}${numbers.length === 0 ? '' : ` <sup>${numbers.join(', ')}</sup>`}`
  })
  return new Set(said).size === 1 ? said[0]! : said.join(' / ')
}

interface Note {
  told: Set<string>
  /** Something of a request was changed or left out, and the client not told. */
  untold: boolean
}

/** The notes of one table, numbered as they come. The same words are one note. */
class Notes {
  readonly #notes = new Map<string, Note>()

  get isEmpty(): boolean {
    return this.#notes.size === 0
  }

  number({ why }: Loss, { feature, outcome: { grade, told } }: Cell): number {
    let note = this.#notes.get(why)
    if (!note) {
      note = { told: new Set(), untold: false }
      this.#notes.set(why, note)
    }
    if (grade !== 'n/a') for (const word of told) note.told.add(word)
    if (grade === 'partial' && feature.leg === 'request' && told.length === 0) note.untold = true
    return [...this.#notes.keys()].indexOf(why) + 1
  }

  lines(): string[] {
    return [...this.#notes].map(([why, { told, untold }], at) => {
      const words = [...told].sort()
      const warned = words.filter((word) => word.includes(';'))
      const named = words.filter((word) => !word.includes(';'))
      const silent = untold ? ` ${warned.length > 0 ? 'Not every client is told.' : 'The client is not told.'}` : ''
      return `${at + 1}. ${why}${sentence('Told as', warned)}${sentence('The error names', named)}${silent}`
    })
  }
}

function sentence(beginning: string, words: readonly string[]): string {
  return words.length === 0 ? '' : ` ${beginning} ${words.map((word) => `\`${word}\``).join(', ')}.`
}
