import { readFileSync } from 'node:fs'

/** The kinds of credentials that tokens can be had with, and what each cannot do without. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  service_account: ['client_email', 'private_key'],
  authorized_user: ['client_id', 'client_secret', 'refresh_token'],
  impersonated_service_account: ['service_account_impersonation_url', 'source_credentials'],
  external_account: ['audience', 'credential_source'],
  external_account_authorized_user: ['refresh_token'],
}

/**
 * What is wrong with a file of Google's credentials, as far as it can be seen without asking Google; undefined: nothing.
 * Nothing of what is in it is shown, but the kind that it says to be of where that is a plain word.
 */
export function faultOfGoogleCredentials(file: string): string | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'ENOENT') return `there is no such file; ${advice}`
    return `the file cannot be read (${code}); let sluice read it`
  }
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return `the file holds no JSON; ${advice}`
  }
  if (typeof json !== 'object' || json === null) return `the file holds no object of JSON; ${advice}`
  const fields = json as Record<string, unknown>
  const { type } = fields
  if ('installed' in fields || 'web' in fields) return `the file is the id of an OAuth client, and no proof; ${advice}`
  if (typeof type !== 'string') return `the file has no \`type\`; ${advice}`
  if (!Object.hasOwn(kinds, type)) {
    const shown = /^[a-z_]{1,40}$/.test(type) ? `"${type}"` : 'something else'
    return `the file says \`type\` ${shown}; it takes one of ${Object.keys(kinds).join(', ')}`
  }
  const missing = kinds[type]?.filter((field) => !fields[field]) ?? []
  if (missing.length === 0) return undefined
  return `the file of type ${type} lacks ${missing.map((field) => `\`${field}\``).join(' and ')}; get it anew`
}

const advice =
  'name the key of a service account as Google gives it, or leave it out after `gcloud auth application-default login`'
