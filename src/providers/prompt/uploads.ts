import { createHash } from 'node:crypto'
import { SluiceError } from '../../errors/index.ts'
import { isJsonObject } from '../../tokens/index.ts'
import type { Post, Prepare, SignedRequest, UploadPaths } from '../provider.ts'
import { type Attachment, promptOf } from './flatten.ts'

/**
 * For an API whose chat takes texts only: requests with pictures or files go out as a prompt, after what they carry has
 * been uploaded. What was uploaded is remembered for a while, since every turn of a conversation brings it again.
 */
export function throughPrompt({ prompt, upload }: UploadPaths): Prepare {
  const known = new Map<string, { url: string; until: number }>()

  const place = async (one: Attachment, request: SignedRequest, base: string, post: Post): Promise<string> => {
    // By the account, too: what one has uploaded is not for another.
    const hash = createHash('sha256').update(`${base} ${request.headers.authorization ?? ''} ${nameOf(one)} `)
    const key = hash.update(one.base64).digest('base64')
    const found = known.get(key)
    if (found && found.until > Date.now()) return found.url
    const form = new FormData()
    form.append('file', new File([Buffer.from(one.base64, 'base64')], nameOf(one), { type: one.mediaType }))
    // The platform writes forms, and only for requests and responses of its own.
    const written = new Response(form)
    const { 'content-type': _, ...headers } = request.headers
    const { status, text } = await post({
      url: base + upload,
      headers: { ...headers, 'content-type': written.headers.get('content-type') ?? '' },
      body: new Uint8Array(await written.arrayBuffer()),
    })
    const url = addressIn(text)
    if (url === undefined) {
      throw new SluiceError('upstream_protocol', `cannot upload a file: status ${status}, and no address in the answer`)
    }
    known.delete(key)
    known.set(key, { url, until: Date.now() + keepMs })
    const [oldest] = known.keys()
    if (known.size > most && oldest !== undefined) known.delete(oldest)
    return url
  }

  return (request, post) => {
    // Quotes within a text are escaped, so this is seen in no text.
    if (!marks.some((mark) => request.body?.includes(mark))) return undefined
    const flat = promptOf(JSON.parse(request.body ?? ''))
    if (!flat) return undefined
    const base = request.url.replace(/(\/v\d+)?\/chat\/completions(\?.*)?$/, '')
    return Promise.all(flat.attachments.map((one) => place(one, request, base, post))).then((urls) => ({
      ...request,
      url: base + prompt,
      body: JSON.stringify(flat.body(urls)),
    }))
  }
}

const marks = ['"type":"image_url"', '"type":"file"', '"type":"input_audio"']
const most = 500
const keepMs = 30 * 60_000

const endings: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'text/plain': 'txt',
  'audio/mpeg': 'mp3',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
}

/** By its ending the server tells what a file is. */
function nameOf({ filename, mediaType }: Attachment): string {
  const name = filename?.replace(/[^\w.() -]/g, '_').slice(-80)
  if (name !== undefined && /\.\w+$/.test(name)) return name
  const ending = endings[mediaType] ?? mediaType.split('/').at(-1)?.replace(/\W.*$/, '')
  return `${name || 'file'}.${ending || 'bin'}`
}

function addressIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text)
    const data = isJsonObject(answer) && isJsonObject(answer.data) ? answer.data : {}
    return typeof data.url === 'string' && data.url !== '' ? data.url : undefined
  } catch {
    return undefined
  }
}
