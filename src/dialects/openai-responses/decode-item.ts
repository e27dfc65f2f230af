import type { JsonObject } from '../../tokens/index.ts'
import { CallItem } from './decode-call.ts'
import { MessageItem } from './decode-message.ts'
import { ReasoningItem } from './decode-reasoning.ts'
import { imageItem } from './image-item.ts'
import type { Item, ItemOptions } from './item.ts'
import { dialectName } from './wire.ts'

/** The item that an `output_item.added` opens. Unknown types are taken whole. */
export function openItem(item: JsonObject, options: ItemOptions): Item {
  switch (item.type) {
    case 'message':
      return new MessageItem(item, options)
    case 'function_call':
    case 'custom_tool_call':
      return new CallItem(item, options)
    case 'reasoning':
      return new ReasoningItem(item, options)
    case 'image_generation_call':
      return imageItem(options, wholeItem(options))
    default:
      return wholeItem(options)
  }
}

/** Work of a hosted tool, and whatever else only this API has: told whole, when it is done. */
function wholeItem({ nextBlock }: ItemOptions): Item {
  return {
    start() {},
    delta() {},
    // How far it has come is not told.
    read: () => true,
    finish(block, emit) {
      emit({ type: 'hosted-result', choice: 0, index: nextBlock(), dialect: dialectName, block })
    },
    end() {},
  }
}
