import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent } from './agent.ts'

/** Ways to other places, each of which would be taken before the address. */
const elsewhere = [
  'ANTHROPIC_API_KEY',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'CLAUDE_CODE_USE_BEDROCK',
  'CLAUDE_CODE_USE_VERTEX',
  'CLAUDE_CODE_USE_FOUNDRY',
  'CLAUDE_CODE_USE_ANTHROPIC_AWS',
  'CLAUDE_CODE_USE_MANTLE',
]

/**
 * Claude Code. It lays the `env` of its settings files over its environment, so the environment alone would not do for
 * somebody who has an address there. `--settings` stands above those files, and below what an administrator has set.
 */
export const claude: Agent = {
  name: 'claude',
  title: 'Claude Code',
  install: 'npm install -g @anthropic-ai/claude-code',
  settings({ url, key, model, smallModel, folder }) {
    const small = smallModel ?? model
    const env = {
      ANTHROPIC_BASE_URL: url,
      ANTHROPIC_AUTH_TOKEN: key,
      ...(model !== undefined && {
        ANTHROPIC_MODEL: model,
        ANTHROPIC_DEFAULT_OPUS_MODEL: model,
        ANTHROPIC_DEFAULT_SONNET_MODEL: model,
        ANTHROPIC_DEFAULT_FABLE_MODEL: model,
      }),
      ...(small !== undefined && { ANTHROPIC_DEFAULT_HAIKU_MODEL: small }),
    }
    const file = join(folder, 'settings.json')
    // A file, since arguments can be read by everybody on the machine. In it an empty word takes a variable away.
    const none = Object.fromEntries(elsewhere.map((name) => [name, '']))
    writeFileSync(file, JSON.stringify({ env: { ...none, ...env } }), { mode: 0o600 })
    return {
      env: { ...Object.fromEntries(elsewhere.map((name) => [name, undefined])), ...env },
      args: ['--settings', file],
    }
  },
}
