import { SluiceError } from '../errors/index.ts'

/**
 * A header's value. On the wire there are ten types: both booleans, four widths of integers (64 bits as bigint), bytes,
 * text, a time, and a UUID (read as its text).
 */
export type AwsHeaderValue = boolean | number | bigint | Uint8Array | string | Date

/** Headers by name, such as `:event-type`. Read ones have no prototype, so any name is safe. */
export type AwsHeaders = Readonly<Record<string, AwsHeaderValue>>

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Values of bytes are views of what is given.
 *
 * @throws SluiceError `upstream_protocol` when they do not fill their place exactly or have an unknown type
 */
export function readAwsHeaders(bytes: Uint8Array): AwsHeaders {
  const headers: Record<string, AwsHeaderValue> = Object.create(null)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (size: number): number => {
    const from = at
    at += size
    if (at > bytes.length) throw broken('one reaches past their end')
    return from
  }
  const sized = (): Uint8Array => {
    const size = view.getUint16(take(2))
    const from = take(size)
    return bytes.subarray(from, from + size)
  }
  const value = (type: number): AwsHeaderValue => {
    switch (type) {
      case 0:
        return true
      case 1:
        return false
      case 2:
        return view.getInt8(take(1))
      case 3:
        return view.getInt16(take(2))
      case 4:
        return view.getInt32(take(4))
      case 5:
        return view.getBigInt64(take(8))
      case 6:
        return sized()
      case 7:
        return utf8.decode(sized())
      case 8:
        return new Date(Number(view.getBigInt64(take(8))))
      case 9:
        return uuid(bytes.subarray(take(16), at))
    }
    throw broken(`type ${type} is not known`)
  }
  while (at < bytes.length) {
    const length = bytes[at]!
    at++
    if (length === 0) throw broken('one has no name')
    const name = utf8.decode(bytes.subarray(take(length), at))
    headers[name] = value(bytes[take(1)]!)
  }
  return headers
}

/** @throws SluiceError `internal` for what has no place on the wire */
export function writeAwsHeaders(headers: AwsHeaders): Uint8Array {
  const encoder = new TextEncoder()
  const parts: Uint8Array[] = []
  for (const [name, value] of Object.entries(headers)) {
    const bytes = encoder.encode(name)
    if (bytes.length === 0 || bytes.length > 255) throw unwritable(name, 'its name must have 1 to 255 bytes')
    parts.push(Uint8Array.of(bytes.length), bytes, writeValue(name, value))
  }
  return concat(parts)
}

function writeValue(name: string, value: AwsHeaderValue): Uint8Array {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0 : 1)
  if (typeof value === 'string') return sized(name, 7, new TextEncoder().encode(value))
  if (value instanceof Uint8Array) return sized(name, 6, value)
  if (typeof value === 'number') {
    if (value !== (value | 0)) throw unwritable(name, `${value} is no integer of 32 bits; a bigint may have 64`)
    const bytes = new Uint8Array(5)
    bytes[0] = 4
    new DataView(bytes.buffer).setInt32(1, value)
    return bytes
  }
  const time = value instanceof Date
  if (time && Number.isNaN(value.getTime())) throw unwritable(name, 'it is no valid date')
  const long = time ? BigInt(value.getTime()) : value
  if (BigInt.asIntN(64, long) !== long) throw unwritable(name, 'it has more than 64 bits')
  const bytes = new Uint8Array(9)
  bytes[0] = time ? 8 : 5
  new DataView(bytes.buffer).setBigInt64(1, long)
  return bytes
}

function sized(name: string, type: number, value: Uint8Array): Uint8Array {
  if (value.length > 0xffff) throw unwritable(name, `its value has ${value.length} bytes, and 65535 are the most`)
  return concat([Uint8Array.of(type, value.length >> 8, value.length & 0xff), value])
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function uuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function broken(found: string): SluiceError {
  return new SluiceError(
    'upstream_protocol',
    `cannot read the headers of an AWS event: ${found}; look at what the provider sent`,
  )
}

function unwritable(name: string, found: string): SluiceError {
  return new SluiceError('internal', `cannot write the header ${JSON.stringify(name)} of an AWS event: ${found}`)
}
