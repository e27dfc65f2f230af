import type { Config } from '../config/index.ts'
import type { JsonObject } from '../tokens/index.ts'
import type { Admission } from './admission.ts'

export interface GatewayStatus {
  version: string | undefined
  upMs: number
  draining: boolean
  admission: Admission
  config: Config
  /** When it was read, in milliseconds since 1970. */
  readAt: number
  /** A later one that was not taken, and why. */
  refused: { at: number; reason: string } | undefined
  /** Bytes that wait for slow clients. */
  buffered: number
}

/** How the gateway does, for those who look on. */
export function statusOf({ version, upMs, admission, config, readAt, refused, ...told }: GatewayStatus): JsonObject {
  const { streams, queue, queueTimeoutMs, perKey } = admission.limits
  return {
    ...(version !== undefined && { version }),
    uptime_s: Math.round(upMs / 1000),
    draining: told.draining,
    running: admission.running,
    waiting: admission.waiting,
    buffered_bytes: told.buffered,
    limits: {
      streams,
      queue,
      queue_timeout_ms: queueTimeoutMs,
      ...(perKey !== undefined && { per_key: perKey }),
    },
    config: {
      source: config.source,
      read_at: new Date(readAt).toISOString(),
      ...(refused && { refused: { at: new Date(refused.at).toISOString(), reason: refused.reason } }),
    },
  }
}
