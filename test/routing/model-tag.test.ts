import { describe, expect, it } from 'vitest'
import { readModelTag } from '../../src/routing/index.ts'

describe('a tag that names a model', () => {
  it.each([
    ['<sluice-model>fast</sluice-model>Find it.', { name: 'fast', written: '<sluice-model>fast</sluice-model>' }],
    [
      '\n <CCR-SUBAGENT-MODEL> openrouter,a/b </CCR-SUBAGENT-MODEL>\r\n\nFind it.',
      { name: 'openrouter,a/b', written: '\n <CCR-SUBAGENT-MODEL> openrouter,a/b </CCR-SUBAGENT-MODEL>\r\n' },
    ],
    ['Write <sluice-model>fast</sluice-model> at the beginning.', undefined],
    ['<sluice-model>fast</CCR-SUBAGENT-MODEL>', undefined],
    ['<sluice-model> </sluice-model>', undefined],
    ['<sluice-model>a<b></sluice-model>', undefined],
    ['<sluice-model>fast', undefined],
    [`<sluice-model>${'x'.repeat(400)}</sluice-model>`, undefined],
    [`${' '.repeat(100_000)}<sluice-model>fast</sluice-model>`, undefined],
  ])('%.60j', (text, wanted) => {
    expect(readModelTag(text)).toEqual(wanted)
  })
})
