import { describe, expect, it } from 'vitest'
import { dialects, type UpstreamDialect } from '../../src/dialects/index.ts'
import { oneLine } from '../../src/dialects/one-line.ts'

const page =
  '<html><head><style>p { color: red }</style><title>502 Bad Gateway</title></head>\n<body><script>alert(1)</script><p>nginx</p></body></html>'

describe('a web page in place of an error', () => {
  it.each(Object.values(dialects) as UpstreamDialect[])('is told by what it says: $name', ({ upstream }) => {
    expect(upstream.decodeError(502, page).message).toBe('502 Bad Gateway nginx')
  })

  it('is cut to a line, however long it is', () => {
    expect(oneLine('<p>again </p>'.repeat(100_000)).length).toBeLessThanOrEqual(500)
    expect(oneLine('a\r\n\tb')).toBe('a b')
  })
})
