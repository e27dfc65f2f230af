import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SluiceError } from '../../src/errors/index.ts'
import { isContent, mergeUsage, type StreamToken, type Usage } from '../../src/tokens/index.ts'
import { arbitraryUsage } from '../properties/arbitrary-reply.ts'

describe('mergeUsage', () => {
  it.each<[string, Usage | undefined, Usage, Usage]>([
    ['nothing before', undefined, { output: 1 }, { output: 1 }],
    ['cumulative values replace and never add', { output: 5 }, { output: 7 }, { output: 7 }],
    ['a later zero counts', { input: 5 }, { input: 0 }, { input: 0 }],
    [
      'unknown does not wipe what is known',
      { input: 5, cacheRead: 2 },
      { output: 1, cacheRead: undefined },
      { input: 5, cacheRead: 2, output: 1 },
    ],
    ['a report takes the mark of an estimate away', { input: 9, estimated: true }, { input: 10 }, { input: 10 }],
    ['an estimate is marked', undefined, { input: 9, estimated: true }, { input: 9, estimated: true }],
  ])('%s', (_, earlier, later, merged) => {
    const before = structuredClone([earlier, later])
    expect(mergeUsage(earlier, later)).toEqual(merged)
    expect([earlier, later]).toEqual(before)
  })

  it('does not care how reports are put together, and saying the last one twice changes nothing', () => {
    fc.assert(
      fc.property(arbitraryUsage, arbitraryUsage, arbitraryUsage, (a, b, c) => {
        expect(mergeUsage(mergeUsage(a, b), c)).toEqual(mergeUsage(a, mergeUsage(b, c)))
        expect(mergeUsage(mergeUsage(a, b), b)).toEqual(mergeUsage(a, b))
      }),
    )
  })
})

describe('isContent: what commits a stream to its provider', () => {
  const at = { choice: 0, index: 0 }
  it.each<[StreamToken, boolean]>([
    [{ type: 'message-start' }, false],
    [{ type: 'text-start', ...at }, false],
    [{ type: 'text-delta', ...at, text: '' }, false],
    [{ type: 'text-delta', ...at, text: ' ' }, true],
    [{ type: 'text-end', ...at }, false],
    [{ type: 'reasoning-start', ...at }, false],
    [{ type: 'reasoning-delta', ...at, text: '' }, false],
    [{ type: 'reasoning-delta', ...at, text: 'x' }, true],
    [{ type: 'tool-call-start', ...at, id: 'c', name: 'f', kind: 'function' }, true],
    [{ type: 'tool-call-delta', ...at, arguments: '' }, false],
    [{ type: 'tool-call-delta', ...at, arguments: '{' }, true],
    [{ type: 'hosted-call-start', ...at, dialect: 'd', block: {} }, true],
    [{ type: 'hosted-result', ...at, dialect: 'd', block: {} }, true],
    [{ type: 'media-start', ...at, kind: 'image' }, false],
    [{ type: 'media-delta', ...at, data: 'QQ==' }, true],
    [{ type: 'opaque', ...at, kind: 'redacted', value: 'x' }, true],
    [{ type: 'metadata', dialect: 'd', fields: {} }, false],
    [{ type: 'usage', usage: { output: 3 } }, false],
    [{ type: 'raw', dialect: 'd', data: '{}' }, false],
    [{ type: 'error', error: new SluiceError('upstream_server', 'x') }, false],
    [{ type: 'finish', choice: 0, reason: 'stop' }, true],
  ])('%j: %s', (token, content) => {
    expect(isContent(token)).toBe(content)
  })
})
