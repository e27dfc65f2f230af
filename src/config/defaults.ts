import { usualBackground, usualThreshold } from '../routing/index.ts'

/** What holds where the file says nothing. The schema shows these to editors, and the page of options repeats them. */
export const defaults = {
  server: {
    host: '127.0.0.1',
    port: 4114,
    max_body: '32MiB',
    body_timeout: '60s',
    cors_origins: [] as string[],
    drain_timeout: '10m',
    watch: true,
  },
  access: { keys: [] as string[], operator_keys: [] as string[] },
  limits: { streams: 5000, queue: 1000, queue_timeout: '10s' },
  streaming: {
    force: 'auto',
    detection_ttl: '5m',
    fallback: true,
    simulate_rate: 0,
    after_content: 'end',
    least_rate: 0,
    max_retries: 3,
    heartbeat: '15s',
    status_ceiling: '10s',
    connect_timeout: '10s',
    first_token_timeout: '30s',
    hedge_after: '0s',
    idle_timeout: '120s',
    stall_timeout: '5m',
    total_timeout: '10m',
    finish_grace: '2s',
    max_event: '64MiB',
    buffer_budget: '64MiB',
  },
  transport: { client: 'http1' },
  routing: { long_context_threshold: usualThreshold, background_models: usualBackground, tags: 'system' },
  log: { level: 'info', format: 'auto' },
} as const
