import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { emptyFolder, sluice } from './command.ts'

describe('sluice providers', () => {
  it('lists what is configured and what could be, and no key', async () => {
    const file = join(emptyFolder(), 'sluice.toml')
    writeFileSync(
      file,
      `[[providers]]
name = "house"
dialect = "openai-chat"
base_url = "http://u:pass-secret@10.0.0.7/v1"
api_keys = ["sk-secret-1"]
normalise = true
quirks = { drops = ["seed"], think_tags = ["think"] }
`,
    )
    const { code, stdout } = await sluice(['providers', '--config', file], { env: { GROQ_API_KEY: 'gsk-secret-2' } })
    expect(code).toBe(0)
    expect(stdout).not.toContain('secret')
    expect(stdout).toContain(`configured in ${file}
  house  openai-chat, http://10.0.0.7/v1, a key, any model
      streams with an accent
      refuses seed, writes its reasoning into the text, between <think>

presets
`)
    expect(stdout).toMatch(/^ {2}groq +openai-chat, https:\/\/api\.groq\.com\/openai\/v1, GROQ_API_KEY is set$/m)
    expect(stdout).toMatch(/^ {2}openai +openai-chat, https:\/\/api\.openai\.com\/v1, OPENAI_API_KEY is not set$/m)
    expect(stdout).toMatch(/^ {2}azure +openai-chat, an address of your own, ending in \/openai\/v1, /m)
  })

  it('shows one by its name, and says where there is none', async () => {
    const { stdout } = await sluice(['providers', 'mistral'])
    expect(stdout).toMatch(/^presets\n {2}mistral .*\n( {6}.*\n)+$/)
    const { code, stderr } = await sluice(['providers', 'mistrall'])
    expect(code).toBe(1)
    expect(stderr).toContain('cannot find the provider "mistrall": it is neither configured nor a preset')
  })
})
