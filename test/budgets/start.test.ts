import { expect, it } from 'vitest'
import { root, run } from '../../scripts/run.ts'

it('a start loads no web client, no logger and no tables of tokens that nobody asked for', async () => {
  const code = `
    import { createRequire, registerHooks } from 'node:module'
    const found = []
    const resolve = (name, context, next) => {
      if (/^(undici|pino|gpt-tokenizer)/.test(name)) found.push(name)
      return next(name, context)
    }
    registerHooks({ resolve })
    const { createSluice } = await import('./src/index.ts')
    const config = { providers: [{ name: 'openai', api_keys: ['k'] }], log: { level: 'info', format: 'json' } }
    const sluice = await createSluice({ config, port: 0, env: {} })
    await sluice.close()
    found.push(...process.moduleLoadList.filter((name) => name.includes('undici')))
    console.log(JSON.stringify(found))`
  const { output } = await run('node', ['--input-type=module', '-e', code], { cwd: root })
  expect(output.trim()).toBe('[]')
})
