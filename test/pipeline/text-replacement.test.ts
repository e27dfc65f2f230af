import { expect, it } from 'vitest'
import { TextReplacement } from '../../src/pipeline/index.ts'
import { saying, step, through, told } from './streams.ts'

it('replaces texts that are torn over deltas, the longer one where two begin alike', () => {
  const options = { replace: { ACME: 'the company', 'ACME Inc.': 'the firm', '\n\n': '\n' } }
  const deltas = ['Ask AC', 'ME. Or ACME', ' Inc', '. now', '\n', '\nACME']
  expect(told(through(new TextReplacement(options), saying(...deltas)))).toEqual([
    'text 0 Ask the company. Or the firm now\nthe company',
    'finish 0 stop',
  ])
})

it('replaced text is not replaced again', () => {
  expect(step(new TextReplacement({ replace: { a: 'b', b: 'a' } }), ['ab', 'ba'])).toEqual(['ba', 'ab'])
})

it('a text can be taken out altogether', () => {
  expect(step(new TextReplacement({ replace: { '**': '' } }), ['*', '*bold*', '* *'])).toEqual(['', 'bold', ' '])
})
