import { CommandError } from '../failure.ts'
import type { Agent } from './agent.ts'

/**
 * opencode. What stands in `OPENCODE_CONFIG_CONTENT` is laid over its files. It knows no model that is not listed, and
 * without a small one named it would go for titles to wherever its files say.
 */
export const opencode: Agent = {
  name: 'opencode',
  title: 'opencode',
  install: 'npm install -g opencode-ai',
  settings({ url, key, model, smallModel, models, env }) {
    const main = model ?? models[0]
    if (main === undefined) {
      throw new CommandError(
        `cannot choose a model for opencode: ${url} lists none; name one with --model provider/model`,
      )
    }
    const small = smallModel ?? main
    const given = parse(env[variable])
    const content = {
      ...given,
      model: `sluice/${main}`,
      small_model: `sluice/${small}`,
      provider: {
        ...(given.provider as object | undefined),
        sluice: {
          name: 'sluice',
          // One of those that opencode has built in.
          npm: '@ai-sdk/openai-compatible',
          options: { baseURL: `${url}/v1`, apiKey: key },
          models: Object.fromEntries([main, small, ...models].map((name) => [name, { name }])),
        },
      },
    }
    return { env: { [variable]: JSON.stringify(content) }, args: [] }
  },
}

const variable = 'OPENCODE_CONFIG_CONTENT'

/** What somebody has put there already. @throws CommandError */
function parse(text: string | undefined): Record<string, unknown> {
  if (text === undefined || text.trim() === '') return {}
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (cause) {
    throw new CommandError(`cannot add to $${variable}: it is no JSON; mend or unset it`, { cause })
  }
}
