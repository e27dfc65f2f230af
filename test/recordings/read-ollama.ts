import { Ollama } from 'ollama'
import { counts, emptyReading, type Outcome, type Place, type Reading } from './reading.ts'

/** What `ollama` reads of a chat. */
export async function readOllama({ url, model, form }: Place): Promise<Outcome> {
  const client = new Ollama({ host: url })
  const asked = { model, messages: [{ role: 'user', content: 'q' }] }
  const lines = form === 'whole' ? [await client.chat(asked)] : await client.chat({ ...asked, stream: true })
  const reading = emptyReading()
  let finish: string | undefined
  for await (const { message, done, done_reason, prompt_eval_count: input, eval_count: output } of lines) {
    reading.text += message?.content ?? ''
    reading.reasoning += message?.thinking ?? ''
    for (const { function: call } of message?.tool_calls ?? []) {
      reading.calls.push({ name: call.name, arguments: call.arguments })
    }
    if (!done) continue
    finish = done_reason ?? 'stop'
    if (input !== undefined || output !== undefined) reading.usage = counts({ input, output })
  }
  if (finish === undefined) return 'fails'
  reading.finish = finishes[finish] ?? 'unknown'
  if (reading.finish === 'stop' && reading.calls.length > 0) reading.finish = 'tool_calls'
  return reading
}

const finishes: Record<string, Reading['finish']> = { stop: 'stop', load: 'stop', length: 'length' }
