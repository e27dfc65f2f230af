import OpenAI from 'openai'
import type { Response, ResponseOutputItem } from 'openai/resources/responses/responses'
import { counts, distinct, emptyReading, type Outcome, type Place, parsed } from './reading.ts'

/** What `openai` reads of Responses. */
export async function readOpenaiResponses({ url, model, form, strict }: Place): Promise<Outcome> {
  const client = new OpenAI({ apiKey: 'key', baseURL: `${url}/v1`, maxRetries: 0 })
  if (form === 'whole') return read(await client.responses.create({ model, input: 'q' }))
  try {
    return read(await client.responses.stream({ model, input: 'q' }).finalResponse())
  } catch (error) {
    if (strict || !(error instanceof OpenAI.OpenAIError) || error instanceof OpenAI.APIError) throw error
    return assembled(client, model)
  }
}

/** The SDK's assembler refuses ids that change and kinds of items that are new: here its events count. */
async function assembled(client: OpenAI, model: string): Promise<Outcome> {
  const items: ResponseOutputItem[] = []
  for await (const event of await client.responses.create({ model, input: 'q', stream: true })) {
    if (event.type === 'response.output_item.done') items[event.output_index] = event.item
    else if (event.type === 'response.completed' || event.type === 'response.incomplete') {
      const { response } = event
      return read(response.output.length > 0 ? response : { ...response, output: items.filter(Boolean) })
    }
  }
  return 'fails'
}

function read({ output, status, incomplete_details, usage }: Response): Outcome {
  if (status !== 'completed' && status !== 'incomplete') return 'fails'
  const reading = emptyReading()
  const sources: Array<string | undefined> = []
  for (const item of output) {
    if (item.type === 'reasoning') {
      // Each part is a paragraph.
      reading.reasoning += [...item.summary, ...(item.content ?? [])].map(({ text }) => text).join('\n\n')
    } else if (item.type === 'function_call') {
      reading.calls.push({ name: item.name, arguments: parsed(item.arguments) })
    } else if (item.type === 'custom_tool_call') reading.calls.push({ name: item.name, arguments: item.input })
    else if (item.type === 'message') {
      for (const part of item.content) {
        if (part.type === 'refusal') reading.refusal += part.refusal
        else {
          reading.text += part.text
          for (const one of part.annotations ?? []) sources.push(sourceOf(one))
        }
      }
    } else if (item.type === 'image_generation_call') reading.media.push('image')
    else reading.hosted.push(item.type)
  }
  reading.sources = distinct(sources)
  if (status === 'completed') reading.finish = reading.calls.length > 0 ? 'tool_calls' : 'stop'
  else reading.finish = incomplete_details?.reason === 'content_filter' ? 'content_filter' : 'length'
  if (usage) {
    const cached = usage.input_tokens_details as { cached_tokens?: number; cache_write_tokens?: number } | undefined
    reading.usage = counts({
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: cached?.cached_tokens,
      cacheWrite: cached?.cache_write_tokens,
      reasoning: usage.output_tokens_details?.reasoning_tokens,
    })
  }
  return reading
}

function sourceOf(annotation: object): string | undefined {
  const { url, filename } = annotation as Record<string, string | undefined>
  return url ?? filename
}
