import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadRouting, type Problem, readConfig, routingTable } from '../../src/config/index.ts'
import { ruleOptions } from '../../src/config/routing-schema.ts'
import { SluiceError } from '../../src/errors/index.ts'
import { nothingKnown, route } from '../../src/routing/index.ts'
import { factsLike, named } from '../routing/facts.ts'

const servers = `[[providers]]
name = "a"
dialect = "openai-chat"
base_url = "http://10.0.0.7/v1"

[[providers]]
name = "b"
dialect = "openai-chat"
base_url = "http://10.0.0.8/v1"
models = ["x", "y"]
`
const read = (text: string) => readConfig({ text: servers + text, env: {} })

/** The mistakes as `line path: message`, the lines counted below the servers. */
function told(text: string): string[] {
  try {
    read(text)
    return []
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    const above = servers.split('\n').length - 1
    const problems = thrown.details?.problems as Problem[]
    return problems.map(({ line = 0, path, message }) => `${line - above} ${path}: ${message}`)
  }
}

describe('[routing] as it is written', () => {
  it('is what routing goes by', () => {
    const config = read(`
      [[models]]
      name = "smart"
      targets = ["a/one", "b/x"]
      strategy = "sticky"
      weights = [2, 1]
      [[models]]
      name = "claude-*"
      targets = ["a/anthropic/claude-*"]
      [routing]
      default = "smart"
      think = "b/y"
      long_context_threshold = 1000
      background_models = ["*mini"]
      tags = "user"
      [[routing.rules]]
      name = "all of it"
      to = "claude-opus"
      models = ["m"]
      input_tokens_over = 1
      input_tokens_under = 9
      thinking = true
      web_search = false
      images = true
      files = true
      tools_over = 1
      tools_under = 9
      structured_output = true
      stream = false
      headers = { x-team = "blue" }
      metadata = { tier = "gold" }
      client_key = "ci"
      user_agent = "claude*"
      [[routing.rules]]
      targets = ["a/one", "b/x"]`)
    expect(config.routing).toEqual({
      rules: [
        {
          name: 'all of it',
          to: 'claude-opus',
          when: {
            models: ['m'],
            inputTokensOver: 1,
            inputTokensUnder: 9,
            thinking: true,
            webSearch: false,
            images: true,
            files: true,
            toolsOver: 1,
            toolsUnder: 9,
            structuredOutput: true,
            stream: false,
            headers: { 'x-team': 'blue' },
            metadata: { tier: 'gold' },
            clientKey: 'ci',
            userAgent: 'claude*',
          },
        },
        { when: {}, to: ['a/one', 'b/x'] },
      ],
      situations: { default: 'smart', think: 'b/y', longContextThreshold: 1000, backgroundModels: ['*mini'] },
      tags: 'user',
    })
    expect(config.aliases[0]).toEqual({
      name: 'smart',
      targets: ['a/one', 'b/x'],
      strategy: 'sticky',
      weights: [2, 1],
    })
    const { routes } = route(factsLike({ model: 'zzz' }), routingTable(config), nothingKnown)
    expect(routes.map(named)).toEqual(['a/one', 'b/x'])
  })

  it('is nothing where nothing is written', () => {
    expect(read('').routing).toEqual({ rules: [], tags: 'system' })
    expect(read('[routing]\nlong_context_threshold = 5').routing).toEqual({ rules: [], tags: 'system' })
  })
})

describe('a mistake in it is told with its line and a way out', () => {
  const alias = '[[models]]\nname = "m"\ntargets = ["a/x", "b/y"]\n'
  it.each<[string, string, RegExp]>([
    [
      'a situation that leads nowhere',
      '[routing]\nthink = "b/z"',
      /^2 routing\.think: found "b\/z".*b does not list that model; write b\/x, b\/y/,
    ],
    [
      'a rule that leads nowhere',
      '[[routing.rules]]\nto = "c/x"',
      /^2 routing\.rules\[0\]\.to: .*leads to no provider/,
    ],
    [
      'an alias among targets',
      `${alias}[[routing.rules]]\ntargets = ["a/x", "m"]`,
      /^5 routing\.rules\[0\]\.targets\[1\]: .*a name from \[\[models\]\] itself/,
    ],
    [
      'both',
      '[[routing.rules]]\nto = "a/x"\ntargets = ["a/x"]',
      /^1 routing\.rules\[0\]: found both `to` and `targets`/,
    ],
    ['neither', '[[routing.rules]]\nimages = true', /^1 routing\.rules\[0\]: `to` is missing/],
    [
      'a slip of the pen',
      '[[routing.rules]]\nto = "a/x"\nimage = true',
      /^3 routing\.rules\[0\]\.image: .*did you mean images\?/,
    ],
    [
      'an empty range',
      '[[routing.rules]]\nto = "a/x"\ntools_over = 3\ntools_under = 4',
      /^4 routing\.rules\[0\]\.tools_under: .*nothing is over 3 and under that/,
    ],
    [
      'no strategy',
      `${alias}strategy = "best"`,
      /^4 models\[0\]\.strategy: found "best"; write one of "in-order", "weighted"/,
    ],
    [
      'weights that nothing reads',
      `${alias}weights = [1, 2]`,
      /^4 models\[0\]\.weights: .*write strategy = "weighted" or strategy = "sticky" as well/,
    ],
    [
      'too few weights',
      `${alias}strategy = "weighted"\nweights = [1]`,
      /^5 models\[0\]\.weights: found 1 for 2 targets/,
    ],
    [
      'no weight at all',
      `${alias}strategy = "weighted"\nweights = [0, 0]`,
      /^5 models\[0\]\.weights: found no target with any weight/,
    ],
    ['costs that nothing reads', `${alias}costs = [1, 2]`, /^4 models\[0\]\.costs: .*write strategy = "cost" as well/],
    [
      'a place that nothing fills',
      '[[models]]\nname = "m"\ntargets = ["a/*"]',
      /^3 models\[0\]\.targets\[0\]: found a `\*`, and the name has none/,
    ],
    [
      'a pattern at nobody',
      '[[models]]\nname = "m-*"\ntargets = ["c/*"]',
      /^3 models\[0\]\.targets\[0\]: .*leads to no provider/,
    ],
    [
      'a place for tags',
      '[routing]\ntags = "on"',
      /^2 routing\.tags: found "on"; write one of "off", "system", "user"/,
    ],
    [
      'a threshold of nothing',
      '[routing]\nlong_context_threshold = 0',
      /^2 routing\.long_context_threshold: found 0; write a whole number from 1/,
    ],
  ])('%s', (_, text, wanted) => {
    const found = told(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(wanted)
  })

  it('and what may well be right is none', () => {
    expect(told('[[models]]\nname = "m-*"\ntargets = ["b/*", "{model}", "a/{model}"]')).toEqual([])
    expect(told(`${alias}[routing]\ndefault = "m"\nimage = "x"`)).toEqual([])
  })
})

describe('where there is one provider', () => {
  const only = '[[providers]]\nname = "p"\ndialect = "openai-chat"\nbase_url = "http://10.0.0.7/v1"\n'
  const notes = (text: string, provider = only) => readConfig({ text: provider + text, env: {} }).notes ?? []

  it.each([
    ['[[routing.rules]]\nto = "zz/r"', 'routing.rules[0].to'],
    ['[[routing.rules]]\ntargets = ["zz/r"]', 'routing.rules[0].targets[0]'],
    ['[[models]]\nname = "a"\ntargets = ["zz/r"]', 'models[0].targets[0]'],
    ['[routing]\nthink = "zz/r"', 'routing.think'],
    ['[routing]\nthink = "zz,r"', 'routing.think'],
  ])('a name that says another one is told, and still works: %j', (text, path) => {
    const found = notes(text)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ path, line: expect.any(Number) })
    expect(found[0]?.message).toMatch(
      /^found "zz[/,]r", and no provider is called zz: p, the only one, is asked for a model of that name; write "p\/zz[/,]r" if that is meant$/,
    )
  })

  it('a name with a wildcard says another one as well', () => {
    expect(notes('[[models]]\nname = "m-*"\ntargets = ["zz/*"]')).toHaveLength(1)
  })

  it.each([
    '[[routing.rules]]\nto = "p/zz/r"',
    '[[routing.rules]]\nto = "r"',
    '[[models]]\nname = "zz/r"\ntargets = ["p/r"]\n[routing]\nthink = "zz/r"',
    '[[models]]\nname = "m-*"\ntargets = ["*", "{model}", "p/*"]',
    '[[models]]\nname = "*"\ntargets = ["*/x"]',
    '[[models]]\nname = "r"\ntargets = ["r"]',
  ])('nothing is told of what says what it means: %j', (text) => {
    expect(notes(text)).toEqual([])
  })

  it('nothing is told of a model that the provider lists', () => {
    expect(notes('[routing]\nthink = "zz/r"', `${only}models = ["zz/r"]\n`)).toEqual([])
  })

  it.each([
    '[[models]]\nname = "x"\ntargets = ["y"]\n[[models]]\nname = "y"\ntargets = ["p/m"]',
    '[[models]]\nname = "y"\ntargets = ["p/m"]\n[[routing.rules]]\ntargets = ["y"]',
  ])('a name of its own is no target: %j', (text) => {
    expect(() => notes(text)).toThrow(
      /targets\[0\]: found "y", which is a name from \[\[models\]\] itself; write the targets behind it, or "p\/y" for the model of that name at p$/,
    )
  })
})

describe('routing code', () => {
  function written(files: Record<string, string>): string {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-routes-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return folder
  }
  const toml = `${servers}[routing]\nmodule = "routes.ts"\n`

  it('is found beside the configuration, and decides', async () => {
    const folder = written({
      'sluice.toml': toml,
      'routes.ts': `export default (facts: { tools(): number }): string | undefined => (facts.tools() > 1 ? 'b/x' : undefined)`,
    })
    const config = readConfig({ file: join(folder, 'sluice.toml'), env: {} })
    expect(config.routing.module).toBe(resolve(folder, 'routes.ts'))
    const table = routingTable(await loadRouting(config))
    expect(route(factsLike({ model: 'a/z', tools: 2 }), table, nothingKnown).routes.map(named)).toEqual(['b/x'])
    expect(route(factsLike({ model: 'a/z', tools: 1 }), table, nothingKnown).routes.map(named)).toEqual(['a/z'])
    // A change of the file counts when it is loaded again.
    writeFileSync(join(folder, 'routes.ts'), `export default () => 'b/y'`)
    const again = routingTable(await loadRouting(config))
    expect(route(factsLike(), again, nothingKnown).routes.map(named)).toEqual(['b/y'])
  })

  it.each([
    ['is not there', undefined, /cannot load the routing code .*routes\.ts: .*; mend \[routing\] module/],
    ['fails', `throw new Error('no luck')`, /cannot load the routing code .*: no luck; mend/],
    ['exports something else', `export default 3`, /exports no function as its default/],
  ])('that %s is refused', async (_, code, wanted) => {
    const folder = written({ 'sluice.toml': toml, ...(code && { 'routes.ts': code }) })
    const config = readConfig({ file: join(folder, 'sluice.toml'), env: {} })
    await expect(loadRouting(config)).rejects.toThrow(wanted)
    await expect(loadRouting(config)).rejects.toMatchObject({ code: 'config_invalid' })
  })
})

describe('docs/routing.md', () => {
  const page = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8')

  it('lists everything that a rule can say', () => {
    const table = page.slice(page.indexOf('| in a rule |'), page.indexOf('### Situations'))
    expect([...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key)).toEqual(Object.keys(ruleOptions.properties))
  })

  it('has only good configurations', () => {
    const blocks = [...page.matchAll(/```toml\n(.*?)```/gs)].map((match) => match[1] ?? '')
    expect(blocks.length).toBeGreaterThan(1)
    for (const text of blocks) expect(() => readConfig({ text, env: { OPENAI_API_KEY: 'k' } }), text).not.toThrow()
  })
})
