import { expect, it } from 'vitest'
import { exampleNames, runExample } from '../../scripts/house/examples.ts'

it.each(exampleNames())('examples/%s runs alone and ends well', { timeout: 40_000 }, async (name) => {
  const { code, stdout, output } = await runExample(name)
  expect({ code, output }).toEqual({ code: 0, output })
  expect(stdout.trim(), 'an example shows something').not.toBe('')
})
