import { SluiceError } from '../../errors/index.ts'

/** @throws SluiceError `config_invalid` when the option is there and none of these words */
export function checkChoice(name: string, value: string | undefined, words: readonly string[]): void {
  if (value === undefined || words.includes(value)) return
  throw new SluiceError(
    'config_invalid',
    `cannot use the option \`${name}\`: it is ${JSON.stringify(value)}; write one of ${words.join(', ')}`,
    { param: name },
  )
}

/** @throws SluiceError `config_invalid` when the option is there and not a number of at least `least` */
export function checkNumber(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (typeof value === 'number' && value >= least)) return
  throw new SluiceError(
    'config_invalid',
    `cannot use the option \`${name}\`: it is ${JSON.stringify(value)}; write a number from ${least}`,
    { param: name },
  )
}
