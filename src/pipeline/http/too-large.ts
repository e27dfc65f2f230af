import { SluiceError } from '../../errors/index.ts'

export function tooLarge(limitBytes: number): SluiceError {
  return new SluiceError(
    'event_too_large',
    `cannot read the answer: it is one text of more than ${limitBytes} bytes; raise maxEventBytes if that is right`,
  )
}
