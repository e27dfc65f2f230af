import { expect } from 'vitest'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { checkWire } from '../../fixtures/check-wire.ts'
import { post, until } from '../house.ts'
import { asking, errorMessage, wholeText } from './clients.ts'
import { type Expected, expected, isBefore, type Situation } from './expect.ts'
import type { Matrix } from './open-matrix.ts'
import { firstText, type Phase, type Place, scriptOf, secondText } from './phases.ts'

export interface Cell extends Situation {
  place: Place
}

let cells = 0

/** Lets one fault happen, and holds what the client and both providers saw of it against what they had to see. */
export async function runCell(matrix: Matrix, cell: Cell): Promise<void> {
  const { client, upstream, policy, row, phase, place } = cell
  const model = `m${++cells}`
  const script = { ...scriptOf(phase), ...row.script(place, phase) }
  const name = matrix.nameOf(policy, upstream, model)
  const [path, body] = asking(client, name, JSON.stringify({ sluice_script: script }), phase !== 'whole')
  const answer = await post(matrix.url + path, body)
  const said = `${client}, ${upstream}, ${policy}, ${phase}, ${row.name}: ${answer.status} ${answer.body.toString().slice(-600)}`
  const wanted = expected(cell)
  expect(answer.broken, said).toBe(false)
  expect(answer.status, said).toBe(wanted.status)
  if (answer.status !== 200) expect(errorMessage(client, answer.status, answer.body), said).not.toBe('')
  else if (phase === 'whole') expect(wholeText(client, answer.body), said).toBe(secondText)
  else expectStream(client, phase, answer.body, wanted, said)
  const asked = policy === 'continue' ? `go-${model}` : model
  expect([matrix.first.count({ model: asked }), matrix.second.count({ model: asked })], said).toEqual(wanted.asked)
  const id = String(answer.headers['x-sluice-request-id'])
  // A provider may take its time to close what it has ended.
  await until(() => matrix.records.has(id), `a record of ${said}`)
  const records = matrix.records.get(id) ?? []
  expect(records, said).toMatchObject([
    { status: wanted.status, outcome: wanted.outcome === 'answered' ? 'ok' : 'error' },
  ])
  expect(records[0]?.code, said).toBe(wanted.code)
  // Nobody who was given up for another is still at work.
  await until(() => matrix.open(asked) === 0, `the end of all calls of ${said}`, 800)
}

/** One start and one end, by the grammar of the language, and the text of whom it has to be of. */
function expectStream(
  client: ClientDialectName,
  phase: Phase,
  body: Buffer,
  { outcome, by }: Expected,
  said: string,
): void {
  let seen: ReturnType<typeof checkWire>
  try {
    seen = checkWire(client, body)
  } catch (thrown) {
    throw new Error(`${(thrown as Error).message} in ${said}`)
  }
  expect(seen.outcome, said).toBe(outcome === 'answered' ? 'clean' : 'error')
  if (outcome === 'broken') {
    if (phase !== 'tool') expect(firstText.startsWith(seen.text), said).toBe(true)
    // Everything that came before the fault is there.
    if (phase === 'text') expect(seen.text || deltasOf(body), said).toBe(begun)
    return
  }
  expect(isBefore(phase) || by !== 'second', said).toBe(true)
  const both = { text: begun, finish: firstText }[phase as string] ?? ''
  expect(seen.text, said).toBe(by === 'first' ? firstText : by === 'both' ? both + secondText : secondText)
}

const begun = firstText.slice(0, firstText.indexOf('BRAVO') + 'BRAVO'.length)

/** A failed response need not say again what it has said. */
function deltasOf(body: Buffer): string {
  const found = body.toString().matchAll(/"type":"response\.output_text\.delta".*?"delta":"([^"]*)"/g)
  return [...found].map(([, text]) => text).join('')
}
