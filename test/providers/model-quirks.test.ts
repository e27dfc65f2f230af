import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defineProvider, targetOf } from '../../src/providers/index.ts'
import { emptyFolder, sluice } from '../cli/command.ts'

describe('quirks of some models', () => {
  it('stand above those of all, the last one first, and leave other models alone', () => {
    const provider = defineProvider({
      name: 'straico',
      quirks: { emulate_tools: true, max_stops: 2 },
      model_quirks: [
        { models: 'vendor/*', emulate_tools: false, think_tags: ['think'] },
        { models: '*/big', emulate_tools: true },
      ],
    })
    const traits = (model: string): object => {
      const { emulateTools, maxStops, thinkTags } = targetOf(provider, model).traits
      return { emulateTools, maxStops, thinkTags }
    }
    expect(traits('other/small')).toEqual({ emulateTools: true, maxStops: 2, thinkTags: undefined })
    expect(traits('vendor/small')).toEqual({ emulateTools: false, maxStops: 2, thinkTags: ['think'] })
    expect(traits('vendor/big')).toEqual({ emulateTools: true, maxStops: 2, thinkTags: ['think'] })
  })

  it('can say that streams are not to be believed, and then none goes on as it came', () => {
    const base = { name: 'a', dialect: 'openai-responses' as const, base_url: 'http://127.0.0.1:1' }
    expect(defineProvider({ ...base, model_quirks: [{ models: 'b' }] }).normalise).toBe(false)
    expect(defineProvider({ ...base, model_quirks: [{ models: 'b', whole_arguments: true }] }).normalise).toBe(true)
  })

  it('are checked and shown by `sluice check`', async () => {
    const file = join(emptyFolder(), 'sluice.toml')
    const write = (quirks: string): void =>
      writeFileSync(file, `[[providers]]\nname = "straico"\n\n[[providers.model_quirks]]\n${quirks}\n`)
    write('models = "vendor/*"\nemulate_tools = true')
    const good = await sluice(['check', file])
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('tools in words for vendor/*')])
    write('models = "vendor/*"\nemulate_tool = true')
    const wrong = await sluice(['check', file])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/model_quirks[\s\S]*emulate_tool/)
    write('emulate_tools = true')
    expect((await sluice(['check', file])).stderr).toMatch(/models/)
  })
})
