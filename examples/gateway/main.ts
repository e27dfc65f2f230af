/**
 * A gateway in a few lines, and OpenAI's own SDK streaming through it. With no provider configured the scripted one
 * answers, so this needs neither a key nor a network.
 * Run: npx node --conditions=source examples/gateway/main.ts
 */
import OpenAI from 'openai'
import { createSluice } from 'sluice'

// Without `config` and `env` the file sluice.toml and the keys in the environment would be looked at.
const sluice = await createSluice({ config: {}, env: {}, port: 0, logLevel: 'warn' })
try {
  const client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: 'any' })
  const stream = await client.chat.completions.create({
    model: 'text',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'Hello!' }],
  })
  for await (const { choices, usage } of stream) {
    process.stdout.write(choices[0]?.delta.content ?? '')
    if (usage) console.log(`\n(${usage.prompt_tokens} tokens in, ${usage.completion_tokens} out)`)
  }
} finally {
  await sluice.close()
}
