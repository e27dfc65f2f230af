import fc from 'fast-check'
import { parse, stringify } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { locate } from '../../src/config/locate.ts'
import type { Path } from '../../src/config/path.ts'

const cases: [name: string, toml: string, lines: [Path, number | undefined][]][] = [
  [
    'plain keys',
    'a = 1\n\n# b = 2\nb = 3',
    [
      [['a'], 1],
      [['b'], 4],
      [['c'], undefined],
    ],
  ],
  [
    'tables',
    '[a]\nx = 1\n[a.b]\nx = 2\n[ c . d ]\nx = 3',
    [
      [['a'], 1],
      [['a', 'x'], 2],
      [['a', 'b', 'x'], 4],
      [['c', 'd'], 5],
      [['c', 'd', 'x'], 6],
    ],
  ],
  [
    'dotted keys',
    'a.b = 1\na . c . d = 2',
    [
      [['a'], 1],
      [['a', 'b'], 1],
      [['a', 'c', 'd'], 2],
    ],
  ],
  [
    'quoted keys',
    '"a.b" = 1\n\'c d\'."e\\u0041" = 2\n"#" = 3',
    [
      [['a.b'], 1],
      [['c d', 'eA'], 2],
      [['#'], 3],
    ],
  ],
  [
    'lists of tables',
    '[[p]]\nx = 1\n[[p]]\nx = 2\n[p.q]\nx = 3\n[[p.r]]\nx = 4\n[[p.r]]\nx = 5',
    [
      [['p'], 1],
      [['p', 0, 'x'], 2],
      [['p', 1], 3],
      [['p', 1, 'x'], 4],
      [['p', 1, 'q', 'x'], 6],
      [['p', 1, 'r', 0, 'x'], 8],
      [['p', 1, 'r', 1, 'x'], 10],
    ],
  ],
  [
    'arrays over lines',
    'a = [\n  "x", # one\n  # two\n  "y",\n  [1,\n 2],\n]\nb = 1',
    [
      [['a', 0], 2],
      [['a', 1], 4],
      [['a', 2, 0], 5],
      [['a', 2, 1], 6],
      [['b'], 8],
    ],
  ],
  [
    'inline tables',
    'a = [{ x = 1, y.z = "}" },\n { x = "]" }]\nb = {}',
    [
      [['a', 0, 'y', 'z'], 1],
      [['a', 1, 'x'], 2],
      [['b'], 3],
    ],
  ],
  [
    'long strings',
    'a = """\n[b]\nc = 1\n"""\nd = \'\'\'\n"\'\'\'\ne = """x\\"""" \nf = """"y""""\ng = 1',
    [
      [['a'], 1],
      [['b'], undefined],
      [['d'], 5],
      [['e'], 7],
      [['f'], 8],
      [['g'], 9],
    ],
  ],
  [
    'strings with marks',
    'a = "x # = [ \\" \\\\"\nb = \'\\\'\nc = 1',
    [
      [['b'], 2],
      [['c'], 3],
    ],
  ],
  [
    'values of every kind',
    'a = -1.5e3 # n\nb = 1979-05-27 07:32:00Z\nc = [true,inf,0xff]\nd = 1',
    [
      [['b'], 2],
      [['c', 2], 3],
      [['d'], 4],
    ],
  ],
  [
    'lines of Windows',
    'a = 1\r\n[b]\r\nc = [\r\n1]\r\n',
    [
      [['b'], 2],
      [['b', 'c'], 3],
      [['b', 'c', 0], 4],
    ],
  ],
]

describe('a key path is found on its line', () => {
  it.each(cases)('%s', (_name, toml, lines) => {
    parse(toml)
    const lineOf = locate(toml)
    for (const [path, line] of lines) expect([path, lineOf(path)]).toEqual([path, line])
  })

  it('what does not stand there is looked for in the table around it', () => {
    expect(locate('\n[[p]]\nname = 1')(['p', 0, 'base_url'])).toBe(2)
  })

  it('holds for any document: the lines of all values grow in the order in which they are written', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', 'c d', 'e.f', '"', '#'), fc.string({ minLength: 1, maxLength: 4 }))
    const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }))
    const table = fc.dictionary(key, leaf, { maxKeys: 3 })
    const document = fc.dictionary(key, fc.oneof(leaf, table, fc.array(table, { minLength: 1, maxLength: 3 })), {
      maxKeys: 4,
    })
    fc.assert(
      fc.property(document, (value) => {
        const toml = stringify(value)
        const lineOf = locate(toml)
        const lines = toml.split('\n')
        for (const path of leaves(parse(toml))) {
          const line = lineOf(path)
          expect(line, `${JSON.stringify(path)} in\n${toml}`).toBeDefined()
          // The writer puts every key onto a line of its own, as itself or as a quoted text.
          const name = String(path.at(-1))
          const written = lines[(line ?? 0) - 1]?.split('=')[0] ?? ''
          expect(/^[\w-]+$/.test(name) ? written.trim() : '').toBe(/^[\w-]+$/.test(name) ? name : '')
        }
      }),
      { numRuns: 200 },
    )
  })
})

function leaves(value: unknown, path: Path = []): Path[] {
  if (Array.isArray(value) && typeof value[0] !== 'object') return [path]
  if (typeof value !== 'object' || value === null) return [path]
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value)
  return entries.flatMap(([key, item]) => leaves(item, [...path, key]))
}
