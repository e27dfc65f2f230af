import type { EndpointCall } from '../dialect.ts'
import { generateForm } from './wire.ts'

/** Below the origin, with or without the `/api` that people copy along. */
export function endpoint(baseUrl: string, operation: 'chat' | 'count' | 'models', call?: EndpointCall): string {
  const base = baseUrl.replace(/\/+$/, '').replace(/\/api$/, '')
  if (operation === 'models') return `${base}/api/tags`
  return `${base}/api/${call?.form === generateForm ? 'generate' : 'chat'}`
}
