import type { JsonObject, MediaStart } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'
import type { Item, ItemOptions } from './item.ts'
import { dialectName } from './wire.ts'

const usual = 'png'

/**
 * A picture that the model made. The sketches on the way to it are not told, since no other API has a word for them.
 *
 * @param whole takes it when there is no picture in it: then it is work of a hosted tool like other
 */
export function imageItem({ nextBlock }: ItemOptions, whole: Item): Item {
  return {
    ...whole,
    finish(item, emit) {
      const { result, ...facts } = item
      const data = filled(result)
      if (data === undefined) {
        whole.finish(item, emit)
        return
      }
      const at = { choice: 0, index: nextBlock() }
      const id = filled(item.id)
      emit({
        type: 'media-start',
        ...at,
        kind: 'image',
        ...(id !== undefined && { id }),
        mediaType: `image/${filled(item.output_format) ?? usual}`,
        meta: { [dialectName]: facts },
      })
      emit({ type: 'media-delta', ...at, data })
      emit({ type: 'media-end', ...at })
    },
  }
}

/** What an item says of its picture beside the bytes: as it came, or as much as is known of one from elsewhere. */
export function imageFacts({ mediaType = '', meta }: MediaStart): JsonObject {
  const own = meta?.[dialectName]
  if (own) return own
  const format = /^image\/(\w+)/.exec(mediaType)?.[1] ?? usual
  return { type: 'image_generation_call', status: 'completed', ...(format !== usual && { output_format: format }) }
}
