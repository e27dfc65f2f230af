import type { Preset } from '../provider.ts'

/**
 * GitHub Copilot's chat service, as far as its shape is public: the caller's token, the headers of an editor (to be
 * written in the configuration), a first chunk without content, and reasoning in fields of its own. With
 * `dialect = "openai-responses"` pieces of arguments come scrambled, and only their whole is right.
 */
export const copilot: Preset = {
  name: 'copilot',
  dialect: 'openai-chat',
  baseUrl: 'https://api.githubcopilot.com',
  rooted: true,
  authHeader: 'authorization',
  keyEnv: [],
  baseUrlEnv: [],
  forwards: ['copilot-integration-id', 'editor-version', 'editor-plugin-version', 'x-initiator', 'openai-intent'],
  vendor: 'copilot',
  patterns: [],
  normalise: true,
  traits: { oneChoice: true, takes: ['parallel_tool_calls', 'strict'], wholeArguments: true },
}
