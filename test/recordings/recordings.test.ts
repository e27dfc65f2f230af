import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ClientDialectName } from '../../src/dialects/index.ts'
import { clientNames } from '../fixtures/goldens.ts'
import { isChat, type Manner, RecordingHouse } from './house.ts'
import { expectedFor, withUnknownCounts } from './losses.ts'
import { readFolder } from './read-folder.ts'
import type { Form, Outcome } from './reading.ts'
import { goldenRecordings, type Recording } from './recording.ts'
import { Summary } from './summary.ts'

// What a provider said is played by a server on loopback, torn at bytes by chance. The SDK of its vendor reads it there;
// the SDKs of all languages read it through a gateway, and have to read the same.

const recorded = 'recorded'
const folder = process.env.SLUICE_RECORDINGS
const sets: Array<[name: string, recordings: Recording[]]> = [['written by hand', goldenRecordings()]]
if (folder) sets.push([recorded, readFolder(folder)])
else console.warn('skipped: recorded answers of providers; SLUICE_RECORDINGS names no folder that holds them')

interface Asked {
  client: ClientDialectName
  form: Form
  manner: Manner
}

/** Who asks for a recording, and how. */
function asks(recording: Recording): Asked[] {
  const { dialect, stream, whole } = recording
  const forms: Form[] = [...(stream ? ['streamed' as const] : []), ...(whole ? ['whole' as const] : [])]
  return clientNames.flatMap((client) => {
    // Its own clients get the answer as it is, and have to read the same when it was translated.
    const manners: Manner[] = client === dialect ? ['bare', 'normalised'] : ['plain']
    const all: Asked[] = forms.flatMap((form) => manners.map((manner) => ({ client, form, manner })))
    if (stream && isChat(recording)) all.push({ client, form: 'whole', manner: 'stream-only' })
    return all
  })
}

describe.each(sets)('%s', (set, recordings) => {
  const house = new RecordingHouse(recordings)
  const summary = new Summary()
  beforeAll(async () => {
    // Some SDKs print what they cannot read.
    for (const method of ['error', 'warn'] as const) vi.spyOn(console, method).mockImplementation(() => {})
    await house.open()
  })
  afterAll(async () => {
    await house.close()
    vi.restoreAllMocks()
    if (set === recorded) console.log(summary.print())
  })

  describe.each(recordings.map((recording) => [recording.name, recording] as const))('%s', (_, recording) => {
    const { dialect } = recording
    const read = new Map<Form, Promise<Outcome>>()
    const vendors = (form: Form): Promise<Outcome> => {
      const known = read.get(form) ?? house.vendors(recording, form)
      read.set(form, known)
      return known
    }

    it('is an answer for the SDK of its vendor, or a failure as it should be', async () => {
      const outcomes = await Promise.all([recording.stream && vendors('streamed'), recording.whole && vendors('whole')])
      const failed = outcomes.map((outcome) => outcome && outcome === 'fails')
      expect(failed).toEqual([recording.stream && recording.fails, recording.whole && recording.fails])
    })

    it.each(asks(recording))(
      'says the same to a client of $client, $form, from a provider that is $manner',
      async ({ client, form, manner }) => {
        const own = await vendors(manner === 'stream-only' ? 'streamed' : form)
        const found = await house.through(client, recording, form, manner)
        const { outcome, losses } = manner === 'bare' ? { outcome: own, losses: [] } : expectedFor(client, dialect, own)
        expect(found).toEqual(manner === 'bare' ? own : withUnknownCounts(client, outcome, found))
        summary.note(recording, client, losses)
      },
    )

    const { untouched } = recording
    if (untouched) {
      it('is the same to the byte for a client of its own language', async () => {
        const found = await house.bytes(dialect as ClientDialectName, recording)
        expect(found.toString('latin1')).toBe(Buffer.from(untouched).toString('latin1'))
      })
    }
  })

  // Recordings need not hold everything that can be lost; what was written by hand does.
  if (set !== recorded) {
    it('nothing is declared as lost that is not', () => {
      expect(summary.idle.map(({ name, clients }) => `${name}: ${clients}`)).toEqual([])
    })
  }
})
