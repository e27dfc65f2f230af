import { isLoopbackHost } from '../access/index.ts'
import { SluiceError } from '../errors/index.ts'
import { defineProvider, type Provider, type ProviderOptions, packageKind, presets } from '../providers/index.ts'
import type { Path } from './path.ts'

/** Where this sluice is going to listen. */
export interface Self {
  host: string
  port: number
}

export interface ProviderCheck {
  /** All fields are there; else only those that are right in themselves are, and no provider can come of it. */
  whole: boolean
  self: Self
  /** How a message shows a field: as it was written, so that no value of the environment is in it. */
  shown: (key: keyof ProviderOptions) => string
  /** `path` is relative to the provider's table. */
  report: (path: Path, message: string) => void
}

// What a header can carry (https://www.rfc-editor.org/rfc/rfc9110#section-5.5), without the bytes beyond ASCII.
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const headerValue = /^[\x20-\x7e\t]*$/
const keyText = /^[\x21-\x7e]+$/
const ownHeaders = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'upgrade']

/** A provider that can be called, or undefined after a report of all that stands against it. */
export function checkProvider(options: Partial<ProviderOptions>, check: ProviderCheck): Provider | undefined {
  let faults = 0
  const fault = (path: Path, message: string): void => {
    faults++
    check.report(path, message)
  }
  if (options.base_url !== undefined) checkUrl(options.base_url, check, (message) => fault(['base_url'], message))
  if (options.kind !== undefined && options.kind !== packageKind && !Object.hasOwn(presets, options.kind)) {
    const known = [...Object.keys(presets), packageKind].join(', ')
    fault(['kind'], `found ${check.shown('kind')}, which is no preset; there are ${known}`)
  }
  options.api_keys?.forEach((key, i) => {
    if (keyText.test(key)) return
    fault(['api_keys', i], 'the key holds white space or characters that no header can carry; copy it once more')
  })
  if (options.auth === 'client' && options.api_keys?.length) {
    fault(
      ['api_keys'],
      'keys are not used with auth = "client", which passes on the caller\'s own; remove one of the two',
    )
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (!headerName.test(name))
      fault(['headers', name], 'found a name that no header can have; use letters, digits and "-"')
    else if (ownHeaders.includes(name.toLowerCase()))
      fault(['headers', name], 'sluice sets this header itself; remove it')
    else if (!headerValue.test(value))
      fault(['headers', name], 'found characters that no header can carry; write plain ASCII')
  }
  if (faults > 0 || !check.whole) return undefined
  try {
    return defineProvider(options as ProviderOptions)
  } catch (thrown) {
    if (!SluiceError.is(thrown)) throw thrown
    fault([], thrown.message.replace(/^cannot use provider "[^"]*": /, ''))
    return undefined
  }
}

function checkUrl(text: string, { shown, self }: ProviderCheck, fault: (message: string) => void): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    fault(`found ${shown('base_url')}, which is no http or https address; write one like "https://api.example.com/v1"`)
  } else if (url.search !== '' || url.hash !== '') {
    fault('found an address with a query or a fragment; end it with the path')
  } else if (isSelf(url, self)) {
    fault(
      `found ${shown('base_url')}, which is sluice itself: requests would go round in circles; write the provider's own address`,
    )
  }
}

/** Whether an address is the one that this sluice listens on. */
export function isSelf(url: URL, self: Self): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (port !== self.port) return false
  return isLoopbackHost(url.hostname) || url.hostname === self.host
}
