import { isLoopbackHost } from '../access/index.ts'
import { good, shown, type Written } from './written.ts'

/** Refuses what is no address, and to listen beyond this machine without client keys. */
export function checkHost(host: string, written: Written): void {
  const { options, flags, problems } = written
  const report = (message: string): void => {
    if (flags.host !== undefined) problems.addOutside('--host', message)
    else problems.add(['server', 'host'], message)
  }
  const found = flags.host === undefined ? shown(written, ['server', 'host']) : JSON.stringify(host)
  if (/\/|^[^:]*:[^:]*$|\s/.test(host)) {
    report(
      `found ${found}, which is no address to listen on; write it alone, like "127.0.0.1", and the port under \`port\``,
    )
    return
  }
  const { keys, named_keys: named, operator_keys: operators } = options.access ?? {}
  // Keys that are wrong in themselves are reported as such, and show that some were meant.
  if (isLoopbackHost(host) || problems.hasWithin(['access'])) return
  if (hasSome(keys) || hasSome(named) || hasSome(operators) || flags.operatorKey !== undefined) return
  report(
    `found ${found} without client keys: everybody who reaches that address could spend your provider keys, so that without keys sluice listens on loopback only; add keys = ["\${SLUICE_KEY}"] under [access], or listen on 127.0.0.1`,
  )
}

function hasSome(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0
}

/** An origin has no path: a browser would never send the text that is written. */
export function checkOrigins(written: Written): void {
  const origins = good<string[]>(written, ['server', 'cors_origins'])
  origins?.forEach((origin, i) => {
    if (origin === '*') return
    const at = ['server', 'cors_origins', i]
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    // Schemes of browser extensions and the like have the origin "null" here, and still send their own.
    const plain =
      url !== undefined &&
      (url.origin === origin || (url.origin === 'null' && /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/.test(origin)))
    if (plain) return
    const instead =
      url && url.origin !== 'null' && shown(written, at) === JSON.stringify(origin)
        ? `"${url.origin}"`
        : '"https://chat.example.com" or "*"'
    written.problems.add(at, `found ${shown(written, at)}, which is no origin; write ${instead}`)
  })
}
