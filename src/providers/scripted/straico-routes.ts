import { type Call, sendError, sendJson } from './call.ts'
import { find, scriptNames } from './choose.ts'
import { decoded } from './decoded.ts'
import { straicoModel, straicoModels } from './straico-models.ts'
import { readUpload } from './uploads.ts'

/** Kinds of files that Straico takes. */
const extensions = new Set(
  'pdf docx pptx txt xlsx csv json html py js php png jpg jpeg gif webp mp3 mp4 m4a mpeg mpga wav webm mov avi'.split(
    ' ',
  ),
)
const largestUpload = 25 * 1024 * 1024

/** Answers what is no completion: files, models and the account. False: it is none of these. */
export async function answerAside(call: Call, path: string, body: Buffer<ArrayBuffer>): Promise<boolean> {
  const { method } = call.request
  const { scripts } = call.options
  const [, version, id] = /^\/(v[012])\/models(?:\/(.+))?$/.exec(path) ?? []
  if (version !== undefined && method !== 'POST') {
    if (id === undefined) sendJson(call, 200, straicoModels(scriptNames(scripts), version as 'v0' | 'v1' | 'v2'))
    else sendModel(call, decoded(id))
    return true
  }
  if (path === '/v0/user' && method !== 'POST') {
    const data = { first_name: 'Ada', last_name: 'Script', coins: call.ledger.left, plan: 'Scripted' }
    sendJson(call, 200, { data, success: true })
    return true
  }
  if (path !== '/v0/file/upload' || method !== 'POST') return false
  await takeFile(call, body)
  return true
}

function sendModel(call: Call, id: string): void {
  const { scripts } = call.options
  const known = find(id, scripts) ?? find(id.slice(id.lastIndexOf('/') + 1), scripts)
  if (known) sendJson(call, 200, { data: straicoModel(id), success: true })
  else sendError(call, { status: 404, message: `There is no model ${id}.` })
}

async function takeFile(call: Call, body: Buffer<ArrayBuffer>): Promise<void> {
  const { entry, request, reply } = call
  const base = `http://${request.headers.host ?? 'localhost'}`
  const upload = await readUpload(body, request.headers['content-type'] ?? '', { index: entry.index, base })
  if (reply.closed) return
  if (!upload) return sendError(call, { status: 400, message: 'The form has no file in its field "file".' })
  const { name, type, bytes, url } = upload
  entry.body = { file: { name, type, bytes } }
  if (bytes > largestUpload) return sendError(call, { status: 413, message: 'The file is over 25 MiB.' })
  const extension = name.slice(name.lastIndexOf('.') + 1).toLowerCase()
  if (!extensions.has(extension)) {
    return sendError(call, { status: 400, message: `Files such as "${name.slice(-40)}" are not taken.` })
  }
  call.uploads.push(upload)
  if (call.uploads.length > 1000) call.uploads.shift()
  sendJson(call, 201, { data: { url }, success: true })
}
