/**
 * A transformer of one's own, in a file of its own, before every model of a gateway: it adds to the request, and changes
 * the answer, streamed or whole.
 * Run: npx node --conditions=source examples/own-transformer/main.ts
 */
import { fileURLToPath } from 'node:url'
import { createSluice } from 'sluice'
import { startScripted } from 'sluice/scripted'

const provider = await startScripted({ script: { steps: [{ text: 'All is well.' }] } })
const sluice = await createSluice({
  config: {
    providers: [{ name: 'house', dialect: 'openai-chat', base_url: `${provider.url}/v1`, transformers: ['careful'] }],
    transformers: [
      {
        name: 'careful',
        module: fileURLToPath(new URL('careful.ts', import.meta.url)),
        options: { word: 'careful' },
      },
    ],
  },
  env: {},
  port: 0,
  logLevel: 'silent',
})

const messages = [{ role: 'user', content: 'How are you?' }]
for (const stream of [false, true]) {
  const body = JSON.stringify({ model: 'house/m', messages, stream })
  const answer = await fetch(`${sluice.url}/v1/chat/completions`, { method: 'POST', body })
  const text = await answer.text()
  const pieces = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece)
  console.log(`${stream ? 'streamed' : 'whole'}: ${pieces.join('')}`)
}
console.log('asked with:', JSON.stringify(provider.requests[0]?.body))

await sluice.close()
await provider.close()
