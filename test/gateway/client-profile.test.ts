import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'
import {
  clientProfile,
  knownProfiles,
  profiledFraming,
  profilesOf,
  rewrites,
} from '../../src/gateway/client-profile.ts'
import { FakeExchange } from './exchange.ts'

const profileOf = (headers: Record<string, string>) => clientProfile(new FakeExchange({ headers }))
const named = (name: string) => profileOf({ 'x-sluice-client': name })

describe('the profile of a client', () => {
  it.each([
    ['', 'usual'],
    ['OpenAI/JS 7.55.0', 'usual'],
    ['claude-cli/2.0 (external, cli)', 'usual'],
    ['copilot/1.0 GitHubCopilotCLI', 'copilot-cli'],
    ['copilot-cli/0.9.1', 'copilot-cli'],
    ['ai/7.0 ai-sdk/openrouter/2.1', 'openrouter-sdk'],
  ])('that calls itself %j is %s', (agent, name) => {
    expect(profileOf(agent === '' ? {} : { 'user-agent': agent }).name).toBe(name)
  })

  it('is the one that it asks for, whatever it calls itself', () => {
    expect(profileOf({ 'user-agent': 'copilot-cli/1', 'x-sluice-client': 'usual' }).name).toBe('usual')
  })

  it('decides which signs of life it gets', () => {
    const beat = (name: string, { client }: typeof openaiChat) =>
      profiledFraming(named(name), client.framing()).heartbeat
    expect(beat('usual', openaiChat)).toBe(': sluice\n\n')
    expect(beat('usual', anthropicMessages)).toContain('event: ping')
    expect(beat('strict', openaiChat)).toBe('')
    expect(beat('strict', anthropicMessages)).toBe('')
  })

  it('decides whether what a provider sends may go on as it is', () => {
    expect(rewrites(named('usual'), 'openai-chat')).toBe(false)
    expect(rewrites(named('copilot-cli'), 'openai-chat')).toBe(true)
    expect(rewrites(named('copilot-cli'), 'anthropic-messages')).toBe(false)
    expect(rewrites(named('strict'), 'anthropic-messages')).toBe(true)
  })

  it('stands on the page, with all that it decides, and no other does', () => {
    const page = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8')
    const section = page.slice(page.indexOf('## Clients that take less'))
    const rows = [...section.matchAll(/^\| `([\w-]+)` \| ([^|]+) \| (yes|no) \| (yes|no) \| ([^|]+) \|$/gm)]
    const word = { none: 'none', both: '`reasoning_content` and `reasoning`' }
    expect(rows.map(([, ...cells]) => cells)).toEqual(
      knownProfiles.map(({ name, match, comments, ping, reasoningInChat: field }) => [
        name,
        match ? `\`${match.header}\`` : name === 'usual' ? 'all others' : 'its name',
        comments ? 'yes' : 'no',
        ping ? 'yes' : 'no',
        field === 'none' || field === 'both' ? word[field] : `\`${field}\``,
      ]),
    )
  })
})

describe('a configured client', () => {
  const profiles = profilesOf([
    { name: 'our-agent', userAgent: 'Our-Agent/* (*)', comments: false },
    { name: 'copilot-cli', reasoning: 'reasoning' },
    { name: 'quiet', userAgent: 'curl/*', ping: false, reasoning: 'none' },
    { name: 'router', userAgent: 'openrouter/ours*', reasoning: 'none' },
    { name: 'usual', reasoning: 'both' },
  ])
  const of = (headers: Record<string, string>) => clientProfile(new FakeExchange({ headers }), profiles)

  it.each([
    ['our-agent/1.2 (linux)', { name: 'our-agent', comments: false, ping: true, reasoningInChat: 'reasoning_content' }],
    ['my our-agent/1.2 (linux)', { name: 'usual' }],
    ['curl/8.1', { name: 'quiet', comments: true, ping: false, reasoningInChat: 'none' }],
    ['copilot-cli/0.9', { name: 'copilot-cli', comments: true, reasoningInChat: 'reasoning' }],
    ['openrouter/ours 1', { name: 'router', reasoningInChat: 'none' }],
    ['openrouter', { name: 'openrouter-sdk', reasoningInChat: 'reasoning' }],
    ['somebody else', { name: 'usual', comments: true, ping: true, reasoningInChat: 'both' }],
  ])('that calls itself %j is told by it', (agent, profile) => {
    expect(of({ 'user-agent': agent })).toMatchObject(profile)
  })

  it('is asked for by its name, whatever the client calls itself', () => {
    expect(of({ 'user-agent': 'curl/8.1', 'x-sluice-client': 'our-agent' }).comments).toBe(false)
    expect(of({ 'x-sluice-client': 'strict' })).toMatchObject({ name: 'strict', comments: false })
    expect(() => of({ 'x-sluice-client': 'nobody' })).toThrow(
      'there are our-agent, copilot-cli, quiet, router, usual, openrouter',
    )
  })

  it('is looked for in no more time than its header is long', () => {
    const slow = profilesOf([{ name: 'slow', userAgent: `${'*a'.repeat(40)}*b` }])
    expect(clientProfile(new FakeExchange({ headers: { 'user-agent': 'a'.repeat(100_000) } }), slow).name).toBe('usual')
  })
})
