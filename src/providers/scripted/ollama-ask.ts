import type { Json, JsonObject } from '../../tokens/index.ts'

/** The form with a prompt, as the messages that it stands for. */
export function asMessages(body: JsonObject): JsonObject {
  const { prompt, system, images, ...rest } = body
  const before: Json[] = typeof system === 'string' && system !== '' ? [{ role: 'system', content: system }] : []
  const user: JsonObject = { role: 'user', content: prompt ?? '', ...(images !== undefined && { images }) }
  return { ...rest, messages: [...before, user] }
}

/** Bare base64, of which only the first bytes tell the type. */
export function pictures(turns: JsonObject[]): Array<{ mediaType: string; data: string }> {
  return turns.flatMap(({ images }) =>
    (Array.isArray(images) ? images : []).map((image) => {
      const data = String(image)
      return { mediaType: starts.find(([start]) => data.startsWith(start))?.[1] ?? 'image', data }
    }),
  )
}

const starts: Array<[string, string]> = [
  ['iVBORw', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]
