import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest, TextPart } from '../../tokens/index.ts'
import type { Transformer } from '../chain/transformer.ts'

export interface SystemTextOptions {
  /** Stands before the client's own instructions. */
  before?: string
  /** Stands behind them. */
  after?: string
  /** All instructions go to the beginning of the first user turn, for models that know no others. Default false. */
  toUser?: boolean
}

/**
 * Adds to the instructions of a request, or moves them. What stands there already is not added again.
 *
 * @throws SluiceError `config_invalid`
 *
 * @example
 * const voice = systemText({ after: 'Answer in German.' })
 */
export function systemText({ before = '', after = '', toUser = false }: SystemTextOptions = {}): Transformer {
  if (before === '' && after === '' && !toUser) {
    throw new SluiceError('config_invalid', 'cannot change instructions: write `before`, `after` or `toUser`')
  }
  return {
    name: 'system-text',
    request(request) {
      const { system } = request
      const parts: TextPart[] = [
        ...(before === '' || system[0]?.text === before ? [] : [textPart(before)]),
        ...system,
        ...(after === '' || system.at(-1)?.text === after ? [] : [textPart(after)]),
      ]
      const added = parts.length === system.length ? request : { ...request, system: parts }
      return toUser ? moved(added) : added
    },
  }
}

function textPart(text: string): TextPart {
  return { type: 'text', text }
}

/** Instructions in the middle of a conversation belong to their place and stay. */
function moved(request: ChatRequest): ChatRequest {
  const { system, messages } = request
  const parts = [...system]
  const rest = [...messages]
  for (let first = rest[0]; first?.role === 'system'; first = rest[0]) {
    parts.push(...first.parts)
    rest.shift()
  }
  if (parts.length === 0) return request
  const at = rest.findIndex(({ role }) => role === 'user')
  const turn = rest[at]
  if (turn?.role === 'user') rest[at] = { ...turn, parts: [...parts, ...turn.parts] }
  else rest.unshift({ role: 'user', parts })
  return { ...request, system: [], messages: rest }
}
