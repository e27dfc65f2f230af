export interface DecompressHandler {
  onData(chunk: Uint8Array): void
  onEnd(): void
  onError(error: Error): void
}

/**
 * A decompressor for a body that came compressed although none was asked for; undefined when the encoding is none or
 * unknown. Every piece is flushed through at once, so that a compressed stream is still a stream.
 */
export function decompressor(encoding: string | undefined, handler: DecompressHandler) {
  const stream = open(encoding?.trim().toLowerCase())
  if (!stream) return undefined
  stream.on('data', (chunk: Uint8Array) => handler.onData(chunk))
  stream.on('end', () => handler.onEnd())
  stream.on('error', (error: Error) => handler.onError(error))
  return stream
}

function open(encoding: string | undefined) {
  if (encoding === undefined || encoding === '' || encoding === 'identity') return undefined
  // Loaded when it is needed, which is next to never: a start is the faster for it.
  const { constants, createBrotliDecompress, createGunzip, createInflate } = process.getBuiltinModule('node:zlib')
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH })
    case 'deflate':
      return createInflate({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH })
    case 'br':
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })
    default:
      return undefined
  }
}
