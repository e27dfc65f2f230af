import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import OpenAI from 'openai'

/** The text of a stream as each vendor's SDK reads it. An answer of text alone is one block. */
export const sdkTexts: Record<string, (url: string, model: string) => Promise<string>> = {
  'openai chat': async (url, model) => {
    const stream = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 }).chat.completions.stream({
      model,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    return (await stream.finalChatCompletion()).choices[0]?.message.content ?? ''
  },
  'openai responses': async (url, model) => {
    const stream = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'x', maxRetries: 0 }).responses.stream({
      model,
      input: 'Hi',
    })
    return (await stream.finalResponse()).output_text
  },
  anthropic: async (url, model) => {
    const stream = new Anthropic({ baseURL: url, apiKey: 'x', maxRetries: 0 }).messages.stream({
      model,
      max_tokens: 100,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const { content } = await stream.finalMessage()
    if (content.length !== 1) throw new Error(`one block was expected, and there are ${content.length}`)
    return content.map((block) => (block.type === 'text' ? block.text : '')).join('')
  },
  gemini: async (url, model) => {
    const ai = new GoogleGenAI({ apiKey: 'x', httpOptions: { baseUrl: url } })
    let text = ''
    for await (const chunk of await ai.models.generateContentStream({ model, contents: 'Hi' })) text += chunk.text ?? ''
    return text
  },
}
