/**
 * What a client sees when a provider fails. The scripted provider plays a fault by the name of the model; the gateway
 * turns it into an answer that a client of Anthropic's API understands: an HTTP error before any content, and an error
 * event after it. Nothing that broke looks finished.
 * Run: npx node --conditions=source examples/scripted-faults/main.ts
 */
import { createSluice } from 'sluice'
import { type SseEvent, SseParser } from 'sluice/sse'

const sluice = await createSluice({ config: {}, env: {}, port: 0, logLevel: 'silent' })
try {
  for (const fault of ['text', 'error-429', 'error-first', 'error-event', 'truncated', 'cut', 'garbage', 'two-ends']) {
    const response = await fetch(`${sluice.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: fault,
        max_tokens: 100,
        stream: true,
        messages: [{ role: 'user', content: 'Hello!' }],
      }),
    })
    console.log(`${fault.padEnd(12)} ${response.status}  ${await ending(response)}`)
  }
} finally {
  await sluice.close()
}

/** The error of an answer that is no stream, and the last event of one that is. */
async function ending(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return response.text()
  const events: SseEvent[] = []
  const parser = new SseParser()
  parser.push(new Uint8Array(await response.arrayBuffer()), (event) => events.push(event))
  const last = events.at(-1)
  return `${events.length} events, the last one: ${last?.event} ${last?.event === 'error' ? last.data : ''}`
}
