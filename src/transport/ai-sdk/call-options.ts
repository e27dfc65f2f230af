import { SluiceError } from '../../errors/index.ts'
import type { CallOptions, CallWarning, LanguageModel, PromptPart } from './model.ts'

/**
 * The options of a call out of their JSON: addresses become `URL`s again, and for a model of an older version of the
 * specification, whose files hold their data bare, they are written in its words.
 *
 * @throws SluiceError `unsupported` for an address that the model's vendor does not read: sluice fetches nothing
 */
export async function readOptions(
  body: string,
  model: LanguageModel,
): Promise<{ options: CallOptions; warnings: CallWarning[] }> {
  const options = JSON.parse(body) as CallOptions
  const old = model.specificationVersion !== 'v4'
  for (const [index, { content }] of options.prompt.entries()) {
    if (typeof content === 'string') continue
    for (const part of content) if (part.type === 'file') await readFilePart(part, model, old, `messages[${index}]`)
  }
  if (!old || options.reasoning === undefined) return { options, warnings: [] }
  const { reasoning: _, ...known } = options
  return { options: known as CallOptions, warnings: [{ type: 'unsupported', feature: 'reasoning' }] }
}

async function readFilePart(part: PromptPart, model: LanguageModel, old: boolean, param: string): Promise<void> {
  const data = part.data as { type: string; data?: string; url?: string }
  if (data.type === 'data') {
    if (old) part.data = data.data
    return
  }
  const url = data.url ?? ''
  if (!isRead(part.mediaType ?? '', url, (await model.supportedUrls) ?? {})) {
    throw new SluiceError(
      'unsupported',
      `cannot send the request to this model: \`${param}\` holds an address that its provider does not read; send the data`,
      { param },
    )
  }
  part.data = old ? new URL(url) : { type: 'url', url: new URL(url) }
}

/**
 * Media types are written in full, as `image/*`, or as `*` for any. A pattern may remember its last place, its copy
 * not.
 */
function isRead(mediaType: string, url: string, supported: Record<string, RegExp[]>): boolean {
  return Object.entries(supported).some(([type, patterns]) => {
    const prefix = type === '*' || type === '*/*' ? '' : type.toLowerCase().replace(/\*$/, '')
    const fits = prefix === '' || (prefix.endsWith('/') ? mediaType.startsWith(prefix) : mediaType === prefix)
    return fits && patterns.some((pattern) => new RegExp(pattern).test(url))
  })
}
