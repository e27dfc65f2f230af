import { SluiceError } from '../../errors/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

/** What has to be uploaded before a prompt can name it. */
export interface Attachment {
  mediaType: string
  base64: string
  /** As the client calls it. */
  filename?: string
}

/** A chat with pictures or files as one prompt. */
export interface Prompt {
  /** What is not at an address yet. */
  attachments: Attachment[]
  /** The body, once the attachments have the addresses `urls`, in their order. */
  body(urls: readonly string[]): JsonObject
}

/**
 * A request of Chat Completions for an API that takes pictures and files only beside one text. The conversation becomes
 * that text, with the roles marked and each picture named where it stood. Undefined: there is nothing but text in it.
 *
 * @throws SluiceError `unsupported` for more than the API takes
 */
export function promptOf(chat: JsonObject): Prompt | undefined {
  const { messages, model, ...rest } = chat
  const flat = new Flat()
  const turns = (Array.isArray(messages) ? messages : []).filter(isJsonObject).map(({ role, content }) => ({
    role: String(role),
    text: flat.text(content),
  }))
  if (flat.images.length + flat.files.length === 0) return undefined
  const { attachments, images, files } = flat
  const fields = Object.fromEntries(Object.entries(rest).filter(([key]) => kept.has(key)))
  return {
    attachments,
    body: (urls) => {
      const placed = (list: Place[]): string[] => list.map((at) => (typeof at === 'string' ? at : (urls[at] ?? '')))
      return {
        ...(model !== undefined && { models: [model] }),
        message: textOf(turns),
        ...(images.length > 0 && { images: placed(images) }),
        ...(files.length > 0 && { file_urls: placed(files) }),
        ...fields,
      }
    },
  }
}

/** What both ways of asking know, beside the model. */
const kept: ReadonlySet<string> = new Set(['temperature', 'max_tokens', 'smart_llm_selector', 'replace_failed_models'])
const most = 4

/** An address, or the number of the attachment that will have one. */
type Place = string | number

class Flat {
  readonly attachments: Attachment[] = []
  readonly images: Place[] = []
  readonly files: Place[] = []

  text(content: Json | undefined): string {
    if (!Array.isArray(content)) return typeof content === 'string' ? content : ''
    return content.map((part) => (isJsonObject(part) ? this.#part(part) : '')).join('\n\n')
  }

  #part(part: JsonObject): string {
    if (part.type === 'text') return String(part.text)
    const { image_url: image, input_audio: audio, file } = part
    if (isJsonObject(image)) return this.#add('image', this.images, this.#place(String(image.url)))
    if (isJsonObject(audio)) {
      const format = String(audio.format)
      const attachment = { mediaType: `audio/${format}`, base64: String(audio.data), filename: `audio.${format}` }
      return this.#add('file', this.files, this.attachments.push(attachment) - 1)
    }
    if (isJsonObject(file)) {
      const filename = typeof file.filename === 'string' ? file.filename : undefined
      const address = file.file_data ?? file.file_url
      if (typeof address === 'string') return this.#add('file', this.files, this.#place(address, filename))
    }
    throw unsupported(`the conversation holds a part of type ${String(part.type)}, which cannot be uploaded`)
  }

  #place(address: string, filename?: string): Place {
    const [, mediaType, base64] = /^data:([^;,]*)(?:;[^,]*)?;base64,(.*)$/s.exec(address) ?? []
    if (mediaType === undefined || base64 === undefined) {
      if (/^https?:/.test(address)) return address
      throw unsupported('a picture or a file is given neither by its bytes nor by an address of the web')
    }
    return this.attachments.push({ mediaType, base64, ...(filename !== undefined && { filename }) }) - 1
  }

  #add(kind: string, list: Place[], place: Place): string {
    if (list.length >= most) throw unsupported(`there are more than ${most} ${kind}s in the conversation`)
    list.push(place)
    return `[${kind} ${list.length}]`
  }
}

/** A question alone is asked as it is. */
function textOf(turns: Array<{ role: string; text: string }>): string {
  const [only, ...others] = turns
  if (only && others.length === 0) return only.text
  const marked = turns.map(({ role, text }) => `[${role}]\n${text}`)
  return ['A conversation, each message below the role of who wrote it. Answer the last one.', ...marked].join('\n\n')
}

function unsupported(problem: string): SluiceError {
  return new SluiceError('unsupported', `cannot send the request as a prompt: ${problem}`, { param: 'messages' })
}
