import fc from 'fast-check'
import type { FinishReason, StreamToken, Usage } from '../../src/tokens/index.ts'

/** What an arbitrary stream may hold: a dialect that has no form for something leaves it out. */
export interface Holds {
  /** Largest number of choices. */
  choices?: number
  opaque?: boolean
  customTools?: boolean
  refusals?: boolean
}

type Block = { kind: 'text' | 'refusal' | 'reasoning' | 'function' | 'custom'; pieces: string[]; opaque: string[] }

const piece = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('"', '\\', '\n', '\u2028', '\u0000', 'data: [DONE]\n\n', '😀', '\\u00e9', '}'),
)

/** The text of a JSON object, cut anywhere. */
const cutObject = fc
  .tuple(fc.dictionary(fc.string({ maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }), fc.nat(9))
  .map(([object, at]) => {
    const text = JSON.stringify(object)
    return [text.slice(0, at), text.slice(at)].filter((part) => part !== '')
  })

function block({ opaque = true, customTools = true, refusals = true }: Holds): fc.Arbitrary<Block> {
  const pieces = fc.array(piece, { minLength: 1, maxLength: 4 })
  const none = fc.constant<string[]>([])
  const values = opaque ? fc.array(fc.base64String({ minLength: 4, maxLength: 16 }), { maxLength: 2 }) : none
  return fc.oneof(
    fc.record({ kind: fc.constant('text' as const), pieces, opaque: none }),
    fc.record({ kind: fc.constant('reasoning' as const), pieces, opaque: values }),
    fc.record({ kind: fc.constant('function' as const), pieces: fc.oneof(cutObject, none), opaque: none }),
    ...(refusals ? [fc.record({ kind: fc.constant('refusal' as const), pieces, opaque: none })] : []),
    ...(customTools ? [fc.record({ kind: fc.constant('custom' as const), pieces, opaque: none })] : []),
  )
}

const count = fc.nat(100_000)
const usage: fc.Arbitrary<Usage> = fc.record({
  input: count,
  output: count,
  cacheRead: fc.constant(0),
  reasoning: fc.constant(0),
})
const reasons = fc.constantFrom<FinishReason>('stop', 'length', 'content_filter', 'stop_sequence', 'unknown')

/** Any legal stream: blocks of every kind, calls that overlap, several choices whose tokens come in turns. */
export function arbitraryTokens(holds: Holds = {}): fc.Arbitrary<StreamToken[]> {
  const choice = fc.record({
    blocks: fc.array(block(holds), { maxLength: 6 }),
    overlap: fc.boolean(),
    reason: reasons,
  })
  return fc
    .record({
      choices: fc.array(choice, { minLength: 1, maxLength: holds.choices ?? 2 }),
      turns: fc.infiniteStream(fc.nat(7)),
      usage: fc.option(usage, { nil: undefined }),
    })
    .map(({ choices, turns, usage }) => {
      const rows = choices.map(({ blocks, overlap, reason }, choice) => {
        const calls = blocks.some(({ kind }) => kind === 'function' || kind === 'custom')
        const tokens = overlap
          ? overlapped(blocks, choice, turns)
          : blocks.flatMap((one, index) => whole(one, choice, index))
        const said: FinishReason = calls && (reason === 'stop' || reason === 'unknown') ? 'tool_calls' : reason
        return [...tokens, { type: 'finish' as const, choice, reason: said }]
      })
      const start: StreamToken = { type: 'message-start', id: 'id-1', model: 'model-1', created: 1790000000 }
      const end: StreamToken[] = usage ? [{ type: 'usage', usage }] : []
      return [start, ...shuffle(rows, turns), ...end]
    })
}

function whole({ kind, pieces, opaque }: Block, choice: number, index: number): StreamToken[] {
  const at = { choice, index }
  const state = opaque.map(
    (value): StreamToken => ({ type: 'opaque', ...at, vendor: 'acme', family: 'one', kind: 'signature', value }),
  )
  switch (kind) {
    case 'text':
    case 'refusal':
      return [
        { type: 'text-start', ...at, ...(kind === 'refusal' && { refusal: true }) },
        ...pieces.map((text): StreamToken => ({ type: 'text-delta', ...at, text })),
        { type: 'text-end', ...at },
      ]
    case 'reasoning':
      return [
        { type: 'reasoning-start', ...at },
        ...pieces.map((text): StreamToken => ({ type: 'reasoning-delta', ...at, text })),
        ...state,
        { type: 'reasoning-end', ...at },
      ]
    default:
      return [
        { type: 'tool-call-start', ...at, id: `call_${choice}_${index}`, name: `tool_${index}`, kind },
        ...pieces.map((text): StreamToken => ({ type: 'tool-call-delta', ...at, arguments: text })),
        { type: 'tool-call-end', ...at },
      ]
  }
}

/** Neighbouring calls side by side; everything else in a row. */
function overlapped(blocks: Block[], choice: number, turns: Iterator<number>): StreamToken[] {
  const tokens: StreamToken[] = []
  let run: StreamToken[][] = []
  blocks.forEach((one, index) => {
    const row = whole(one, choice, index)
    if (one.kind === 'function' || one.kind === 'custom') {
      run.push(row)
      return
    }
    tokens.push(...shuffle(run, turns), ...row)
    run = []
  })
  return [...tokens, ...shuffle(run, turns)]
}

/** Several rows as one, each in its own order; a row begins only when those before it have begun. */
function shuffle(rows: StreamToken[][], turns: Iterator<number>): StreamToken[] {
  const queues = rows.map((row) => [...row])
  const out: StreamToken[] = []
  for (;;) {
    const begun = queues.findIndex((queue, i) => queue.length === rows[i]!.length)
    const left = queues.filter((queue, i) => queue.length > 0 && (begun === -1 || i <= begun))
    if (left.length === 0) return out
    out.push(left[turns.next().value % left.length]!.shift()!)
  }
}
