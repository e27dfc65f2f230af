import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server that hands out tokens to whoever signs for a service account, and the account's key file. */
export interface TokenServer {
  /** The key file; `token_uri` in it leads here. */
  file: string
  /** Where it answers. */
  url: string
  /** What was claimed for each token that was asked for, the signature checked. */
  asked: Record<string, unknown>[]
  /** How long the next tokens last, in seconds, and the status that they come with. */
  next: { seconds: number; status: number }
  close(): Promise<void>
}

/** What a token is called where one is exchanged for another (https://www.rfc-editor.org/rfc/rfc8693). */
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

/** Tokens are called `token-1`, `token-2` and so on. */
export async function startTokenServer(): Promise<TokenServer> {
  const asked: Record<string, unknown>[] = []
  const next = { seconds: 3600, status: 200 }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const piece of request) body += String(piece)
    const form = new URLSearchParams(body)
    const claims = claimsOf(form.get('assertion') ?? '')
    asked.push({ grant: form.get('grant_type'), ...(form.has('assertion') && claims) })
    const [answer, status] =
      next.status === 200
        ? [
            {
              access_token: `token-${asked.length}`,
              expires_in: next.seconds,
              token_type: 'Bearer',
              issued_token_type: accessToken,
            },
            200,
          ]
        : [{ error: 'invalid_grant', error_description: 'Invalid JWT Signature.' }, next.status]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
  const folder = await mkdtemp(join(tmpdir(), 'sluice-google-'))
  const file = join(folder, 'key.json')
  const key = {
    type: 'service_account',
    project_id: 'proj',
    private_key_id: 'k1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: 'sluice@proj.iam.gserviceaccount.com',
    token_uri: url,
  }
  await writeFile(file, JSON.stringify(key))
  return {
    file,
    url,
    asked,
    next,
    async close() {
      await new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      })
      await rm(folder, { recursive: true })
    },
  }
}

function claimsOf(assertion: string): Record<string, unknown> {
  const [head = '', claims = '', signature = ''] = assertion.split('.')
  const right = verify(
    'RSA-SHA256',
    Buffer.from(`${head}.${claims}`),
    createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    Buffer.from(signature, 'base64url'),
  )
  return right ? (JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>) : { forged: true }
}
