import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createSluice, type SluiceOptions } from '../../src/index.ts'
import { defineProvider, type ProviderOptions } from '../../src/providers/index.ts'
import { authorizationOf, type Received } from './signature-v4.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const keys = { aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: secret }

const closing: Array<() => Promise<unknown>> = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server that answers every question alike and remembers what it was sent. */
async function bedrock(): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const { method = '', url = '', headers } = request
    received.push({ method, path: url, headers, body: Buffer.concat(pieces).toString() })
    const content = [{ text: 'Hi' }]
    const answer =
      method === 'GET' ? { modelSummaries: [] } : { output: { message: { content } }, stopReason: 'end_turn' }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}

async function sluice(provider: Omit<ProviderOptions, 'name'>, env: SluiceOptions['env'] = {}): Promise<string> {
  const { url, close } = await createSluice({
    config: { providers: [{ name: 'bedrock', ...provider }] },
    env,
    port: 0,
    logLevel: 'silent',
  })
  closing.push(close)
  return url
}

async function ask(url: string, model: string): Promise<number> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: `bedrock/${model}`, messages: [{ role: 'user', content: 'Hällo 世界' }] }),
  })
  await response.text()
  return response.status
}

it('AWS’s own example of a signature comes out of what checks the others', () => {
  const headers = {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  }
  expect(authorizationOf({ method: 'GET', path: '/', headers, body: '' }, secret)).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  )
})

describe('a provider with AWS keys', () => {
  it.each([
    'anthropic.claude-sonnet-4-5-20250929-v1:0',
    'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc',
    'odd (name) with * and ~',
  ])('signs so that AWS comes to the same: %s', async (model) => {
    const { url, received } = await bedrock()
    const gateway = await sluice({ base_url: url, region: 'eu-west-1', ...keys })
    expect(await ask(gateway, model)).toBe(200)
    const [request] = received
    const { authorization } = request!.headers
    expect(authorization).toBe(authorizationOf(request!, secret))
    expect(authorization).toContain('/eu-west-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, ')
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
    expect(authorization).toContain(`Credential=AKIDEXAMPLE/${today}/`)
  })

  it('signs the token of lent keys along', async () => {
    const { url, received } = await bedrock()
    const gateway = await sluice({ base_url: url, region: 'eu-west-1', ...keys, aws_session_token: 'lent//token==' })
    expect(await ask(gateway, 'm')).toBe(200)
    const { headers } = received[0]!
    expect(headers['x-amz-security-token']).toBe('lent//token==')
    expect(headers.authorization).toBe(authorizationOf(received[0]!, secret))
    expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token')
  })

  it('signs the question for its models, too', async () => {
    const { url, received } = await bedrock()
    await (await fetch(`${await sluice({ base_url: url, region: 'eu-west-1', ...keys })}/v1/models`)).text()
    expect(received[0]).toMatchObject({ method: 'GET', path: '/foundation-models' })
    expect(received[0]!.headers.authorization).toBe(authorizationOf(received[0]!, secret))
  })

  it('takes them from AWS’s own variables', async () => {
    const { url, received } = await bedrock()
    const env = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: 'eu-west-1' }
    expect(await ask(await sluice({ base_url: url }, env), 'm')).toBe(200)
    expect(received[0]!.headers.authorization).toBe(authorizationOf(received[0]!, secret))
  })

  it('shows a key of its own instead where there is one', async () => {
    const { url, received } = await bedrock()
    const env = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: secret, AWS_BEARER_TOKEN_BEDROCK: 'bearer' }
    expect(await ask(await sluice({ base_url: url }, env), 'm')).toBe(200)
    expect(received[0]!.headers.authorization).toBe('Bearer bearer')
    expect(received[0]!.headers['x-amz-date']).toBeUndefined()
  })
})

describe('mistakes with AWS keys are named', () => {
  const bad: Array<[string, Omit<ProviderOptions, 'name'>, string]> = [
    ['no region for the address', { api_keys: ['k'] }, 'no `region`'],
    ['no region for the signature', { base_url: 'https://vpce-1.example.com', ...keys }, 'no `region`'],
    ['half a pair', { region: 'eu-west-1', aws_access_key_id: 'AKIDEXAMPLE' }, 'no `aws_secret_access_key`'],
    ['the other half', { region: 'eu-west-1', aws_secret_access_key: secret }, 'no `aws_access_key_id`'],
    ['keys of both kinds', { region: 'eu-west-1', api_keys: ['k'], ...keys }, 'remove one of the two'],
    ['keys that the caller has', { region: 'eu-west-1', auth: 'client', ...keys }, 'remove one of the two'],
  ]
  it.each(bad)('%s', (_, options, words) => {
    expect(() => defineProvider({ name: 'bedrock', ...options })).toThrow(words)
  })

  it('the region stands in the address', () => {
    const { baseUrl } = defineProvider({ name: 'bedrock', region: 'ap-southeast-2', api_keys: ['k'] })
    expect(baseUrl).toBe('https://bedrock-runtime.ap-southeast-2.amazonaws.com')
  })
})
