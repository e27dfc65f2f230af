import { BareError, brand, type SluiceErrorOptions } from './bare-error.ts'
import { type ErrorCode, errorCodes } from './codes.ts'

/**
 * The only error class that sluice shows. The message says what could not be done, then what was found, then what to do.
 *
 * @example
 * throw new SluiceError('invalid_request', 'cannot read the request: `messages` is missing', { param: 'messages' })
 */
export class SluiceError extends BareError {
  constructor(code: ErrorCode, message: string, options?: SluiceErrorOptions) {
    const { status, kind, retry } = errorCodes[code]
    super({ code, status, kind, retry }, message, options)
  }

  /** `instanceof SluiceError` says what `is` says; a class made from this one asks for its own instances as usual. */
  static override readonly [Symbol.hasInstance] = isInstance

  /** True for a `SluiceError` of this or any other installed copy of the package. */
  static is(value: unknown): value is SluiceError {
    return typeof value === 'object' && value !== null && brand in value
  }

  /** Whatever was thrown, as a `SluiceError`: itself when it is one, else wrapped as `code` (`internal` unless said). */
  static from(thrown: unknown, code: ErrorCode = 'internal'): SluiceError {
    if (SluiceError.is(thrown)) return thrown
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return new SluiceError(code, message, { cause: thrown })
  }
}

function isInstance(this: unknown, value: unknown): boolean {
  return this === SluiceError ? SluiceError.is(value) : Function.prototype[Symbol.hasInstance].call(this, value)
}
