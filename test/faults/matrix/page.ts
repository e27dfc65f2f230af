import { expected, isBefore, type Policy } from './expect.ts'
import { type Phase, phases } from './phases.ts'
import { type Row, rows } from './rows.ts'

/** `docs/faults.md` out of what the matrix asks for. */
export function faultsPage(): string {
  const told: Phase[] = ['head', 'empty', 'whole', 'simulated', 'reasoning', 'text', 'tool', 'finish']
  checkStart()
  return [intro, ...told.map(section), notes].join('\n')
}

const intro = `# Faults

What a client sees when its provider fails, by what goes wrong and how far the answer has come. The tables are not
written by hand: \`node scripts/faults-page.ts\` prints them from what \`test/faults/matrix.test.ts\` asks for. There each
fault happens to a client of every language, before a provider of its own language and of another one; and once more with a
hundred streams at once. Asked is that

- a stream has one beginning, and one end or one error, by the strict grammar of its language;
- before that an error has its true status, in the form of the client's language;
- providers were asked exactly as often as stands here;
- afterwards no call, no connection and no timer is left, and one record is in the log.

Two rules explain most of it. **Before any content** the client has seen nothing, so somebody else can be asked: it gets
the answer of another target, or the true status where there is none. **After the first content** the failure cannot be
taken back: the stream ends with an error, or another target [goes on](lifecycle.md#going-on-with-a-broken-answer) where
\`after_content = "continue"\` says so.

With one target only, *asked again* means up to \`max_retries\` more times, with a growing wait. The codes are explained in
[errors.md](errors.md).
`

const notes = `## What differs from language to language

- Overloaded (503) is 529 to a client of \`anthropic-messages\`: the number that its SDKs know.
- \`gemini\` has no words for 402 and 413, which are \`upstream_invalid_request\` there, with their own status.
- Reasoning that its vendor seals (all but \`openai-chat\` and \`ollama\`) is not gone on with: it ends with an error.
- Reasoning that the client does not get to see, as in \`gemini\` without \`includeThoughts\`, is no content: until there is
  some, all is as before any content.
- The finish of \`openai-responses\` and \`ollama\` is their last event. Nothing behind it is looked at; but without it the
  answer has no finish, so that leaving it out is a break in the middle of the text.
- In \`gemini\` garbage behind the finish is not looked at; an error there is told.
`

/** Between the head and the first content it does not matter whether events have come. */
function checkStart(): void {
  for (const row of rows) {
    if (!row.phases.includes('start')) continue
    for (const policy of ['single', 'fallback', 'continue'] as const) {
      if (said(row, 'start', policy) !== said(row, 'empty', policy))
        throw new Error(`"${row.name}" differs at the start`)
    }
  }
}

function section(phase: Phase): string {
  const [one, other] = isBefore(phase) ? before : after
  const lines = rows
    .filter((row) => row.phases.includes(phase) && !isToldAbove(row, phase))
    .map((row) => `| ${row.name} | ${said(row, phase, one.policy)} | ${said(row, phase, other.policy)} |`)
  return `## ${titles[phase] ?? phases[phase]}
${phase === 'whole' ? '\nBefore its head all is as above, but that nobody waits for a first token.\n' : ''}
| the provider… | ${one.title} | ${other.title} |
|---|---|---|
${lines.join('\n')}
`
}

function isToldAbove(row: Row, phase: Phase): boolean {
  if (phase !== 'whole' || !row.phases.includes('head')) return false
  return said(row, 'head', 'single') === said(row, 'whole', 'single') && !row.silent
}

const before = [
  { title: 'one target', policy: 'single' },
  { title: 'with a second target', policy: 'fallback' },
] as const
const after = [
  { title: '`after_content = "end"`', policy: 'fallback' },
  { title: '`after_content = "continue"`', policy: 'continue' },
] as const

const titles: Partial<Record<Phase, string>> = { empty: 'Behind the head, before any content' }

/** What the client sees, in words: of a provider of Chat Completions. */
function said(row: Row, phase: Phase, policy: Policy): string {
  const { outcome, by, status, code, asked } = expected({
    client: 'openai-chat',
    upstream: 'openai-chat',
    policy,
    row,
    phase,
  })
  if (outcome === 'broken') return `ends with the error \`${code}\``
  if (outcome === 'refused') return `${asked[0] > 1 ? 'asked again, then ' : ''}${status} \`${code}\``
  if (by === 'first') return 'the whole answer'
  if (by === 'both') return 'the other target goes on'
  const clock = row.silent && (phase === 'whole' ? 'total_timeout' : 'first_token_timeout')
  return `the answer of the other${clock ? `, after \`${clock}\`` : ''}`
}
