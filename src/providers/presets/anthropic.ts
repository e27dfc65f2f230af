import type { Preset } from '../provider.ts'

/** https://docs.anthropic.com/en/api/messages */
export const anthropic: Preset = {
  name: 'anthropic',
  dialect: 'anthropic-messages',
  baseUrl: 'https://api.anthropic.com',
  authHeader: 'x-api-key',
  keyEnv: ['ANTHROPIC_API_KEY'],
  baseUrlEnv: ['ANTHROPIC_BASE_URL'],
  forwards: ['anthropic-beta', 'anthropic-version', 'anthropic-workspace-id', 'anthropic-user-profile-id'],
  vendor: 'anthropic',
  patterns: ['claude-*'],
  modelTraits: [
    // Up to 4.5 thinking is asked for with a budget; later models choose themselves. From 4.1 on they take a temperature
    // or a top_p, not both.
    { models: 'claude-3-*', traits: { thinking: 'budget', maxOutput: 8192 } },
    { models: 'claude-3-haiku-*', traits: { maxOutput: 4096 } },
    { models: 'claude-3-opus-*', traits: { maxOutput: 4096 } },
    { models: 'claude-3-sonnet-*', traits: { maxOutput: 4096 } },
    { models: 'claude-3-7-*', traits: { maxOutput: 64_000 } },
    { models: 'claude-sonnet-4-0*', traits: { thinking: 'budget', maxOutput: 64_000 } },
    { models: 'claude-sonnet-4-2*', traits: { thinking: 'budget', maxOutput: 64_000 } },
    { models: 'claude-opus-4-0*', traits: { thinking: 'budget', maxOutput: 32_000 } },
    { models: 'claude-opus-4-1*', traits: { thinking: 'budget', maxOutput: 32_000, sampling: 'one' } },
    { models: 'claude-opus-4-2*', traits: { thinking: 'budget', maxOutput: 32_000 } },
    { models: 'claude-*-4-5*', traits: { thinking: 'budget', maxOutput: 64_000, sampling: 'one' } },
    { models: 'claude-*-4-6*', traits: { sampling: 'one' } },
    // From 4.7 on sampling fields are refused unless they hold the defaults, and so is an assistant prefill.
    { models: 'claude-*-4-7*', traits: { sampling: false, prefill: false } },
    { models: 'claude-*-4-8*', traits: { sampling: false, prefill: false } },
    { models: 'claude-opus-5*', traits: { sampling: false, prefill: false } },
    { models: 'claude-sonnet-5*', traits: { sampling: false, prefill: false } },
    { models: 'claude-haiku-5*', traits: { sampling: false, prefill: false } },
  ],
}
