import { SluiceError } from '../errors/index.ts'
import type { Caller } from './keys.ts'

/**
 * The rule without client keys: whoever sits at this machine may call, but no web page may spend their money. A page
 * that reaches out to loopback shows itself by its `Origin`; one that makes its own name point to loopback (DNS
 * rebinding) by the `Host`.
 */
export function loopbackCheck(corsOrigins: readonly string[]): (caller: Caller) => void {
  return ({ headers }) => {
    const { origin, host } = headers
    if (host !== undefined && !isLoopbackHost(hostName(host))) {
      throw refused('Host', host)
    }
    if (origin !== undefined && !isLoopbackOrigin(origin) && !allowsOrigin(corsOrigins, origin)) {
      throw refused('Origin', origin)
    }
  }
}

function refused(header: string, value: string): SluiceError {
  return new SluiceError(
    'origin_refused',
    `cannot accept the request: without client keys only loopback may call, and its ${header} is "${value.slice(0, 100)}"; set [access] keys to open sluice to others`,
  )
}

/** Whether the configuration lets a browser page of this origin in. */
export function allowsOrigin(corsOrigins: readonly string[], origin: string): boolean {
  return corsOrigins.includes('*') || corsOrigins.includes(origin)
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname)
}

/** `localhost`, `*.localhost`, 127.0.0.0/8 and ::1; with or without brackets. */
export function isLoopbackHost(name: string): boolean {
  const host = name
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost') || host === '::1') return true
  return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) || /^::ffff:127\./.test(host)
}

/** A `Host` header without its port; empty when it is no host and port. */
function hostName(host: string): string {
  return /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host)?.[1] ?? ''
}
