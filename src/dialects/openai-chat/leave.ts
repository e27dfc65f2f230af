import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest, Message } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'
import { lostFields, partsOf } from '../lost-fields.ts'

/** State of the server that wrote it, marks that are translated, and what says nothing to a model. */
const silent: ReadonlySet<string> = new Set([
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'reasoning_opaque',
  'extra_content',
  'prompt_cache_breakpoint',
  'cache_control',
  'index',
  'parsed',
])

/** Beside a result: the tool is known by the id of its call. */
const silentInResult: ReadonlySet<string> = new Set([...silent, 'name'])

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` */
export function leave(request: ChatRequest): Warning[] {
  const { fields } = request.extra
  if (Array.isArray(fields.modalities) && fields.modalities.includes('audio')) {
    refuse('modalities', '`modalities` asks for a spoken answer', 'ask for text')
  }
  // Text alone is what every answer is, and padding against eavesdroppers is no part of it.
  delete fields.modalities
  delete fields.stream_options
  return [
    ...request.messages.flatMap((message, index) => leaveMessage(message, `messages[${index}]`)),
    ...request.tools.flatMap((tool, index) =>
      tool.kind === 'hosted' ? [] : lostFields(tool.extra, `tools[${index}]`, silent),
    ),
  ]
}

function leaveMessage(message: Message, at: string): Warning[] {
  const lost = 'extra' in message ? lostFields(message.extra, at, silent) : []
  for (const part of partsOf(message)) {
    if (part.type === 'hosted') {
      const type = String(part.block.type)
      refuse(`${at}.content`, `\`${at}\` holds a part of type ${type}`, 'leave it out or say it as text')
    }
    if (!('extra' in part)) continue
    const isResult = part.type === 'tool-result'
    lost.push(...lostFields(part.extra, isResult ? at : `${at}.content`, isResult ? silentInResult : silent))
  }
  return lost
}

function refuse(param: string, found: string, advice: string): never {
  throw new SluiceError(
    'unsupported',
    `cannot send the request to this model: ${found}, and the provider does not speak the Chat Completions API; ${advice}`,
    { param },
  )
}
