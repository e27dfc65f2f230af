import { createHash } from 'node:crypto'

/** A file that a client has sent. The file itself is not kept. */
export interface Upload {
  /** The request's place in the log. */
  index: number
  /** The client's name for it. */
  name: string
  type: string
  bytes: number
  sha256: string
  /** Under which it can stand in a prompt. */
  url: string
}

/** The only file of a form. Undefined: there is none. */
export async function readUpload(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  { index, base }: { index: number; base: string },
): Promise<Upload | undefined> {
  // The platform reads forms, and only for responses and requests of its own.
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData().catch(() => undefined)
  const file = form?.get('file')
  if (!(file instanceof File)) return undefined
  const bytes = new Uint8Array(await file.arrayBuffer())
  return {
    index,
    name: file.name,
    type: file.type,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    url: `${base}/uploads/${index + 1}/${encodeURIComponent(file.name)}`,
  }
}
