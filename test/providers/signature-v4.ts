import { createHash, createHmac } from 'node:crypto'

/** A request as the server got it. */
export interface Received {
  method: string
  /** With its query, as it was sent. */
  path: string
  /** Lower-case names. */
  headers: Record<string, string | string[] | undefined>
  body: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Every byte that is not unreserved, as AWS encodes it. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * What a server of AWS does with a request: it makes the signature again from what came in and its own copy of the
 * secret, by the steps of docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
 *
 * @returns the header `authorization` that the request should have had
 */
export function authorizationOf({ method, path, headers, body }: Received, secret: string): string {
  const { authorization = '' } = headers
  const [, credential = '', signedHeaders = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
      String(authorization),
    ) ?? []
  const [keyId, day = '', region = '', service = '', terminator] = credential.split('/')
  const time = String(headers['x-amz-date'])
  const [address = '', query = ''] = path.split('?')
  const pairs = query.split('&').filter((one) => one !== '')
  const canonical = [
    method,
    address.split('/').map(encode).join('/'),
    pairs
      .map((one) => (one.includes('=') ? one : `${one}=`))
      .sort()
      .join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n')
  const scope = [day, region, service, terminator].join('/')
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n')
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${secret}`)
  const signature = hmac(key, toSign).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}
