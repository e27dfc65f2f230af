import type { Sign } from './provider.ts'

export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  /** Of keys that are lent for a while. */
  sessionToken?: string
}

/** The name of the service, under which Bedrock's addresses all check signatures. */
const service = 'bedrock'

/**
 * Signs requests by AWS's Signature Version 4 (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). Signed are
 * the method, the address, the host, the body, and AWS's own headers: no proxy changes those. The library is loaded with
 * the first request, so that nobody else pays for it. It costs a hash over the body, and no clock but the system's will
 * do: AWS refuses signatures that are five minutes off.
 */
export function awsSigner(credentials: AwsCredentials, region: string): Sign {
  // Keys are derived once a day; yesterday's is of no use.
  const derived = new Map<string, ArrayBuffer>()
  return async ({ method, url, headers, body }) => {
    const { AwsV4Signer } = await import('aws4fetch')
    if (derived.size > 1) derived.clear()
    const own = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-'))
    const signer = new AwsV4Signer({ method, url, headers: own, body, region, service, cache: derived, ...credentials })
    const signed = await signer.sign()
    return { ...headers, ...Object.fromEntries(signed.headers) }
  }
}
