import { Buffer } from 'node:buffer'
import type { Transport } from '../../src/transport/index.ts'

/**
 * The transport, with bytes that spoil as soon as they may: whoever keeps a piece beyond its read without a copy has it
 * filled with 0xAA.
 */
export function poisoned(transport: Transport): Transport {
  return {
    send(request, handler) {
      let lent: Uint8Array[] = []
      const lending = (step: () => void): void => {
        try {
          step()
        } finally {
          for (const bytes of lent) bytes.fill(0xaa)
          lent = []
        }
      }
      return transport.send(request, {
        onHead: (head) => handler.onHead(head),
        onData(chunk) {
          const bytes = Buffer.alloc(chunk.length)
          bytes.set(chunk)
          lent.push(bytes)
          handler.onData(bytes)
        },
        onFlush: () => lending(() => handler.onFlush()),
        onEnd: () => lending(() => handler.onEnd()),
        onError: (error) => lending(() => handler.onError(error)),
      })
    },
    close: () => transport.close(),
  }
}
