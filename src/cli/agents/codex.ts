import { CommandError } from '../failure.ts'
import type { Agent } from './agent.ts'

/**
 * Codex. Its flags stand above its `config.toml`, so everything else in there holds. The key goes by way of the
 * environment, since arguments can be read by everybody on the machine.
 */
export const codex: Agent = {
  name: 'codex',
  title: 'Codex',
  install: 'npm install -g @openai/codex',
  settings({ url, key, model, smallModel }) {
    if (smallModel !== undefined) {
      throw new CommandError('cannot use --small-model: Codex does all its work with one model; name it with --model')
    }
    const values = {
      model_provider: 'sluice',
      'model_providers.sluice.name': 'sluice',
      'model_providers.sluice.base_url': `${url}/v1`,
      'model_providers.sluice.wire_api': 'responses',
      'model_providers.sluice.env_key': keyVariable,
      ...(model !== undefined && { model }),
    }
    return {
      env: { [keyVariable]: key },
      // The value is read as TOML, whose strings hold everything that JSON's do.
      args: Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${JSON.stringify(value)}`]),
    }
  },
}

const keyVariable = 'SLUICE_AGENT_KEY'
