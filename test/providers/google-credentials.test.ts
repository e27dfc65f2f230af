import { copyFile, writeFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSluice, type SluiceOptions } from '../../src/index.ts'
import { defineProvider, type ProviderOptions, withEnvironment } from '../../src/providers/index.ts'
import { type ScriptedServer, startScripted } from '../../src/providers/scripted/index.ts'
import { startTokenServer, type TokenServer } from './token-server.ts'

const closing: Array<() => Promise<unknown>> = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const close of closing.splice(0).reverse()) await close()
})

async function google(): Promise<{ scripted: ScriptedServer; tokens: TokenServer }> {
  const scripted = await startScripted({ script: { steps: [{ text: 'Hello' }] } })
  const tokens = await startTokenServer()
  closing.push(
    () => scripted.close(),
    () => tokens.close(),
  )
  return { scripted, tokens }
}

async function sluice(provider: Omit<ProviderOptions, 'name'>, env: SluiceOptions['env'] = {}): Promise<string> {
  const config = { providers: [{ name: 'vertex', ...provider }] }
  const { url, close } = await createSluice({ config, env, port: 0, logLevel: 'silent' })
  closing.push(close)
  return url
}

async function ask(url: string, path = '/v1/chat/completions', body: object = {}, headers = {}): Promise<Response> {
  const chat = { model: 'vertex/gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify({ ...chat, ...body }) })
}

const sent = ({ requests }: ScriptedServer) =>
  requests.map(({ path, headers }) => [path, headers.authorization, headers['x-goog-api-key']])
const below = '/v1/projects/proj/locations/europe-west4/publishers/google/models'

describe('a project of Google Cloud', () => {
  it('is asked below its path, with a token that the key of the service account got', async () => {
    const { scripted, tokens } = await google()
    const at = { base_url: scripted.url, project: 'proj', location: 'europe-west4' }
    const url = await sluice({ ...at, google_credentials: tokens.file })
    const whole = await ask(url)
    expect(await whole.json()).toMatchObject({ choices: [{ message: { content: 'Hello' } }] })
    expect(await (await ask(url, undefined, { stream: true })).text()).toContain('data: [DONE]')
    expect(sent(scripted)).toEqual([
      [`${below}/gemini-2.5-flash:generateContent`, 'Bearer token-1', undefined],
      [`${below}/gemini-2.5-flash:streamGenerateContent?alt=sse`, 'Bearer token-1', undefined],
    ])
    expect(tokens.asked).toMatchObject([
      {
        grant: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        iss: 'sluice@proj.iam.gserviceaccount.com',
        scope: 'https://www.googleapis.com/auth/cloud-platform',
      },
    ])
  })

  it('needs one token for a hundred requests that come at once', async () => {
    const { scripted, tokens } = await google()
    const url = await sluice({ base_url: scripted.url, project: 'proj', google_credentials: tokens.file })
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(url)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect([scripted.requests.length, tokens.asked.length]).toEqual([100, 1])
  })

  it('gets a new token when the old one is about to run out, and not before', async () => {
    const { scripted, tokens } = await google()
    const url = await sluice({ base_url: scripted.url, project: 'proj', google_credentials: tokens.file })
    tokens.next.seconds = 290
    await ask(url)
    tokens.next.seconds = 310
    await ask(url)
    await ask(url)
    expect(sent(scripted).map(([, bearer]) => bearer)).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-2'])
  })

  it('counts tokens there, too', async () => {
    const { scripted, tokens } = await google()
    const url = await sluice({ base_url: scripted.url, project: 'proj', google_credentials: tokens.file })
    const contents = [{ role: 'user', parts: [{ text: 'Hi' }] }]
    const answer = await ask(url, '/v1beta/models/vertex%2Fgemini-2.5-flash:countTokens', { contents })
    expect(answer.headers.get('x-sluice-warnings')).toBeNull()
    expect(sent(scripted)[0]).toEqual([expect.stringContaining(':countTokens'), 'Bearer token-1', undefined])
  })

  it('is asked with what Google’s own programs would find, where nothing is written', async () => {
    const { scripted, tokens } = await google()
    const lent = `${tokens.file}.lent`
    await writeFile(`${lent}.subject`, 'a token of another cloud')
    const account = {
      type: 'external_account',
      audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: tokens.url,
      credential_source: { file: `${lent}.subject` },
    }
    await writeFile(lent, JSON.stringify(account))
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', lent)
    await ask(await sluice({ base_url: scripted.url, project: 'proj' }))
    expect(sent(scripted).map(([, bearer]) => bearer)).toEqual(['Bearer token-1'])
    expect(tokens.asked).toEqual([{ grant: 'urn:ietf:params:oauth:grant-type:token-exchange' }])
  })

  it('says what is wrong with its credentials, and takes them once they are right', async () => {
    const { scripted, tokens } = await google()
    const url = await sluice({ base_url: scripted.url, project: 'proj', google_credentials: tokens.file })
    const words = async (): Promise<string> => {
      const answer = await ask(url)
      return `${answer.status} ${((await answer.json()) as { error?: { message: string } }).error?.message}`
    }
    tokens.next.status = 400
    expect(await words()).toMatch(
      /^500 .*cannot get a token from Google: invalid_grant: Invalid JWT Signature\.; check/,
    )
    tokens.next.status = 200
    expect(await words()).toMatch(/^200 /)
    expect(scripted.requests).toHaveLength(1)
  })

  it.each([
    ['that are not there', undefined, 'there is no such file'],
    ['that are no JSON', '-----BEGIN PRIVATE KEY----- secret', 'it is no JSON with a `type`'],
  ])('names the file of credentials %s, and shows nothing of it', async (_, content, found) => {
    const { scripted, tokens } = await google()
    const file = `${tokens.file}.other`
    if (content !== undefined) await writeFile(file, content)
    const url = await sluice({ base_url: scripted.url, project: 'proj', google_credentials: file })
    const text = await (await ask(url)).text()
    expect(text).toContain(
      `cannot use the file of \`google_credentials\` (or GOOGLE_APPLICATION_CREDENTIALS): ${found}`,
    )
    expect(text).not.toContain('secret')
    expect(text).not.toContain(file)
    expect(scripted.requests).toEqual([])
    await copyFile(tokens.file, file)
    expect((await ask(url)).status).toBe(200)
  })

  it('takes a token of somebody else', async () => {
    const { scripted } = await google()
    const at = { base_url: scripted.url, project: 'proj', location: 'europe-west4' }
    await ask(await sluice({ ...at, api_keys: ['ya29.mine'], auth_header: 'authorization' }))
    await ask(await sluice({ ...at, auth: 'client' }), undefined, {}, { authorization: 'Bearer ya29.theirs' })
    expect(sent(scripted)).toEqual([
      [`${below}/gemini-2.5-flash:generateContent`, 'Bearer ya29.mine', undefined],
      [`${below}/gemini-2.5-flash:generateContent`, 'Bearer ya29.theirs', undefined],
    ])
  })
})

describe('an API key of Vertex AI', () => {
  it('needs no project', async () => {
    const { scripted } = await google()
    await ask(await sluice({ base_url: scripted.url, api_keys: ['key'] }))
    expect(sent(scripted)).toEqual([
      ['/v1/publishers/google/models/gemini-2.5-flash:generateContent', undefined, 'key'],
    ])
  })
})

describe('the address of Vertex AI', () => {
  const at = (options: Omit<ProviderOptions, 'name'>) => defineProvider({ name: 'vertex', ...options }).baseUrl
  it.each<[Omit<ProviderOptions, 'name'>, string]>([
    [{ api_keys: ['k'] }, 'https://aiplatform.googleapis.com/v1/publishers/google'],
    [{ project: 'p' }, 'https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google'],
    [
      { project: 'p', location: 'us-central1' },
      'https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers/google',
    ],
    [
      { project: 'p', location: 'eu' },
      'https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google',
    ],
    [{ base_url: 'https://proxy.example/vertex/' }, 'https://proxy.example/vertex'],
    [
      { base_url: 'https://{location}-aiplatform.googleapis.com', project: 'p', location: 'us' },
      'https://aiplatform.us.rep.googleapis.com/v1/projects/p/locations/us/publishers/google',
    ],
  ])('with %o', (options, address) => {
    expect(at(options)).toBe(address)
  })

  it.each<[string, Omit<ProviderOptions, 'name'>, string]>([
    ['neither key nor project', {}, 'add `api_keys`, or a `project`'],
    ['a location alone', { api_keys: ['k'], location: 'eu' }, 'the two go together'],
    ['two kinds of credentials', { project: 'p', api_keys: ['k'], google_credentials: 'f' }, 'remove one of the two'],
    ['those of the caller as well', { project: 'p', auth: 'client', google_credentials: 'f' }, 'remove one of the two'],
  ])('is refused with %s', (_, options, words) => {
    expect(() => at(options)).toThrow(words)
  })
})

describe('Google’s own variables', () => {
  const env = {
    GOOGLE_CLOUD_PROJECT: 'p',
    GOOGLE_CLOUD_LOCATION: 'eu',
    GOOGLE_APPLICATION_CREDENTIALS: '/key.json',
  }
  const all = { project: 'p', location: 'eu', google_credentials: '/key.json' }
  it.each<[string, object, object, object]>([
    ['say what is left out', {}, env, all],
    ['stand below what is written', { project: 'q', location: 'us' }, env, { ...all, project: 'q', location: 'us' }],
    ['hold a key that needs no project', {}, { ...env, GOOGLE_VERTEX_API_KEY: 'k' }, { api_keys: ['k'] }],
    [
      'hold a key, and a project is written',
      { project: 'q' },
      { ...env, GOOGLE_VERTEX_API_KEY: 'k' },
      { ...all, project: 'q' },
    ],
    ['do not meddle with a key that is written', { api_keys: ['k'] }, env, { api_keys: ['k'] }],
    ['do not meddle with the caller’s own', { auth: 'client' }, env, { auth: 'client' }],
  ])('%s', (_, written, variables, found) => {
    expect(withEnvironment({ name: 'vertex', ...written }, variables as SluiceOptions['env'] & object)).toEqual({
      name: 'vertex',
      ...found,
    })
  })
})
