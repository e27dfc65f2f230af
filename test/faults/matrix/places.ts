import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { startScripted } from '../../../src/providers/scripted/index.ts'
import { post } from '../house.ts'
import { asking } from './clients.ts'
import { type Phase, type Place, phases, scriptOf } from './phases.ts'

const marks: Partial<Record<Phase, string>> = { reasoning: 'ALPHA', text: 'BRAVO', tool: 'CHARLIE' }
const finish =
  /"finish_reason":"|"stop_reason":"|"finishReason":"|"done":true|"type":"response\.(output_item\.done|completed)"/

/** The places of one language; a phase that it has not is left out. */
export async function placesOf(upstream: ClientDialectName): Promise<Map<Phase, Place>> {
  const server = await startScripted()
  const places = new Map<Phase, Place>()
  for (const phase of Object.keys(phases) as Phase[]) {
    const script = { ...scriptOf(phase), streaming: 'streams' as const }
    const [path, body] = asking(upstream, 'm', JSON.stringify({ sluice_script: script }), true)
    const said = (await post(server.url + path, body)).body.toString()
    const events = said.match(upstream === 'ollama' ? /.*\n/g : /[\s\S]*?\n\r?\n/g) ?? []
    const place = (count: number): void => {
      const before = events.slice(0, count).join('')
      const inside = Math.ceil(Buffer.byteLength(events[count] ?? '') / 2)
      places.set(phase, { events: count, bytes: Buffer.byteLength(before) + inside, more: inside > 0 })
    }
    const firstContent = events.findIndex((event) => /One|ALPHA|Let/.test(event))
    const end = events.findIndex((event) => finish.test(event))
    const mark = marks[phase]
    if (mark !== undefined) {
      const at = events.findIndex((event) => event.includes(mark))
      if (at + 1 < end || (at < end && phase === 'tool')) place(at + 1)
    } else if (phase === 'finish') place(upstream === 'openai-responses' ? events.length : end + 1)
    else if (phase === 'start') {
      // Where the first event has content there is nothing before it.
      if (firstContent > 0) place(1)
    } else if (phase === 'whole' || phase === 'simulated') places.set(phase, { events: 1, bytes: 60, more: true })
    else places.set(phase, { events: 0, bytes: 5, more: true })
  }
  await server.close()
  return places
}
