import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { describe, expect, it } from 'vitest'
import { explain, type SchemaNode } from '../../src/config/explain.ts'
import { configSchema, editorSchema, readConfig } from '../../src/config/index.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const schema = editorSchema() as unknown as SchemaNode & { properties: Record<string, SchemaNode> }

describe('the explanation and the schema', () => {
  // Values near the border between right and wrong, so that both verdicts come up. No dates: JSON schema has none, and
  // only the explanation knows that they are no tables.
  const odd = fc.constantFrom<unknown>(
    3,
    -1,
    0,
    1.5,
    '',
    'x',
    'a/b',
    '10s',
    '10',
    '32MiB',
    true,
    null,
    [],
    ['x'],
    [''],
    [3],
    {},
    { x: 'y' },
    'info',
    'json',
    'openai-chat',
    2 ** 31,
  )
  const any = (node: SchemaNode): fc.Arbitrary<unknown> => {
    if (node.properties) {
      const known = Object.fromEntries(Object.entries(node.properties).map(([key, inner]) => [key, mostly(any(inner))]))
      const whole = fc.record(known, { requiredKeys: (node.required ?? []) as never[] })
      const table = mostly(whole, fc.record(known, { requiredKeys: [] as string[] }))
      return fc.tuple(table, mostly(fc.constant({}), fc.constant({ zzz: 1 }))).map(([a, b]) => Object.assign({}, a, b))
    }
    if (node.items) return fc.array(any(node.items), { minLength: node.minItems ?? 0, maxLength: 2 })
    const [entry] = Object.values(node.patternProperties ?? {})
    if (entry) return fc.dictionary(fc.constantFrom('a', 'b'), mostly(any(entry)))
    if (node.enum) return fc.constantFrom(...node.enum)
    if (node.anyOf?.[0]?.const !== undefined) return fc.constantFrom(...node.anyOf.map((one) => one.const))
    if (node.anyOf) return fc.oneof(...node.anyOf.map(any))
    if (node.type === 'boolean') return fc.boolean()
    if (node.type === 'integer' || node.type === 'number')
      return fc.integer({ min: node.minimum ?? 0, max: node.maximum ?? 100 })
    const texts = ['10s', '32MiB', 'abc'].filter((text) => new RegExp(node.pattern ?? '').test(text))
    return mostly(fc.constantFrom(...texts), fc.constantFrom('10s', '32MiB', 'abc'))
  }
  const mostly = (right: fc.Arbitrary<unknown>, wrong: fc.Arbitrary<unknown> = odd) =>
    fc.oneof({ arbitrary: right, weight: 60 }, { arbitrary: wrong, weight: 1 })

  it('agree on what is right and what is wrong', () => {
    const verdicts = new Set<boolean>()
    fc.assert(
      fc.property(any(schema), (value) => {
        const found: string[] = []
        explain(configSchema as SchemaNode, value, { raw: value, report: (path) => found.push(path.join('.')) })
        const right = Value.Check(configSchema, value)
        verdicts.add(right)
        expect({ right: found.length === 0, value, found }).toEqual({ right, value, found })
      }),
      { numRuns: 1000 },
    )
    expect(verdicts).toEqual(new Set([true, false]))
  })
})

describe('what is said of the options in more than one place', () => {
  it('sluice.schema.json is up to date; if not, run `node scripts/schema.ts`', () => {
    expect(JSON.parse(read('sluice.schema.json'))).toEqual(editorSchema())
  })

  it('the example is a good configuration, also with all that is commented out', () => {
    const env = { SLUICE_KEY: 'k', SLUICE_OPERATOR_KEY: 'op', OPENAI_API_KEY: 'k', ANTHROPIC_API_KEY: 'k' }
    const text = read('sluice.example.toml')
    expect(readConfig({ text, env }).aliases.map((one) => one.name)).toEqual(['smart', 'private'])
    const full = text.replace(/^# (\w+ = )/gm, '$1')
    expect(full).not.toBe(text)
    expect(readConfig({ text: full, env }).access.keys).toEqual(['k', 'op'])
  })

  /** `[server]` -> its options, each with its default as it is written in TOML. */
  const tables = Object.entries(schema.properties).map(([name, node]) => {
    const list = node.items?.properties
    const options = Object.entries(list ?? node.properties ?? {}) as [string, SchemaNode & { default?: unknown }][]
    return {
      heading: list ? `[[${name}]]` : `[${name}]`,
      options: options.map(([key, option]) => [key, option.default === undefined ? '' : tomlOf(option.default)]),
    }
  })

  it('docs/configuration.md lists every option with its default, and no other', () => {
    const page = read('docs/configuration.md')
    const sections = page.split(/^## /m).slice(1)
    const documented = sections.flatMap((section) => {
      const heading = /^`(\[.*\])`/.exec(section)?.[1]
      if (heading === undefined) return []
      const rows = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)]
      return [
        { heading, options: rows.map(([, key, value]) => [key, /^`(.*)`$/.exec(value?.trim() ?? '')?.[1] ?? '']) },
      ]
    })
    expect(documented).toEqual(tables)
  })

  it('every block of TOML on the page is a good configuration', () => {
    const env = {
      SLUICE_KEY: 'k',
      SLUICE_OPERATOR_KEY: 'op',
      OPENAI_API_KEY: 'k',
      ANTHROPIC_API_KEY: 'k',
      OPENROUTER_API_KEY: 'k',
    }
    const blocks = [...read('docs/configuration.md').matchAll(/```toml\n(.*?)```/gs)].map((match) => match[1] ?? '')
    expect(blocks.length).toBeGreaterThan(5)
    for (const text of blocks) expect(() => readConfig({ text, env }), text).not.toThrow()
  })
})

function tomlOf(value: unknown): string {
  return JSON.stringify(value)
}
