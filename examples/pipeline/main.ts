/**
 * A row of stages over one stream: Chat Completions come in, two transformers look at the text, Messages go out, and it is
 * measured on the way. The source is a list of pieces here; a `Response` of fetch or a stream of Node does as well.
 * Run: npx node --conditions=source examples/pipeline/main.ts
 */
import { anthropicMessages, openaiChat } from 'sluice/dialects'
import { ContentFilter, StopSequences, StreamPipelineBuilder } from 'sluice/pipeline'
import { writeSse } from 'sluice/sse'

const delta = (content: string) =>
  writeSse({
    data: JSON.stringify({
      id: 'chatcmpl-1',
      model: 'gpt-example',
      choices: [{ index: 0, delta: { content }, finish_reason: null }],
    }),
  })

/** The word that nobody is to read comes in two pieces, and so does the one at which the answer is to end. */
async function* upstream() {
  for (const text of ['The project is called Nim', 'bus, ', 'and it is done.', ' EN', 'D', ' This is not read.']) {
    yield new TextEncoder().encode(delta(text))
  }
}

const filter = { patterns: ['Nimbus'], replacement: '(a name)' }

const pipeline = new StreamPipelineBuilder()
  .from(openaiChat)
  .addTransformer(() => new ContentFilter(filter))
  .addTransformer(() => new StopSequences({ sequences: ['END'] }))
  .to(anthropicMessages, { model: 'gpt-example' })
  .enableMetrics()
  .build()

const output = pipeline.processStream(upstream())
for await (const text of output) process.stdout.write(text)
if (output.error) throw output.error

const { tokens, chunks, bytes, firstToken } = pipeline.metrics.snapshot()
console.log({ tokens, chunks, bytes, firstTokenMs: firstToken?.p50 })
