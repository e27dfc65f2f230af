import { execFileSync, spawnSync } from 'node:child_process'

const program = 'openssl'

/** Without it there is no certificate to test with. */
export const hasOpenssl = spawnSync(program, ['version']).status === 0

if (!hasOpenssl) {
  const words = 'no openssl on the PATH: calls over TLS are not tested; install it'
  if (process.env.SLUICE_TEST_REQUIRE === 'all') throw new Error(words)
  console.warn(`skipped: ${words}`)
}

export interface Certificate {
  key: string
  cert: string
}

/** A certificate that signs itself, for these names: `DNS:localhost`, `IP:127.0.0.1`. */
export function selfSigned(...names: string[]): Certificate {
  const pem = execFileSync(
    program,
    [
      ...['req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2'],
      ...['-subj', '/CN=sluice test', '-addext', `subjectAltName=${names.join(',')}`, '-keyout', '-', '-out', '-'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const part = (name: RegExp): string => name.exec(pem)?.[0] ?? ''
  return {
    key: part(/-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/),
    cert: part(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/),
  }
}
