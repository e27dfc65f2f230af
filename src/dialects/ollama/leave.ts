import { SluiceError } from '../../errors/index.ts'
import { type ChatRequest, isJsonObject } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'
import { isSet, lostFields, partsOf } from '../lost-fields.ts'

/** Fields that make the answer another one, and what they ask for. */
const bound: ReadonlyMap<string, string> = new Map([
  ['suffix', 'text between two others'],
  ['context', 'what the server remembers of an earlier answer'],
  ['raw', 'a prompt that no template touches'],
])

const none: ReadonlySet<string> = new Set()

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` */
export function leave(request: ChatRequest): Warning[] {
  const { fields } = request.extra
  for (const [field, what] of bound) {
    if (!isSet(fields[field]) || fields[field] === false) continue
    throw new SluiceError(
      'unsupported',
      `cannot send the request to this model: \`${field}\` asks for ${what}, and the provider does not speak Ollama's API; leave it out`,
      { param: field },
    )
  }
  for (const field of bound.keys()) delete fields[field]
  // Named one by one, as the client wrote them.
  const options = isJsonObject(fields.options) ? fields.options : {}
  delete fields.options
  // No end to an answer is what the others have anyway.
  delete options.num_predict
  return [
    ...lostFields(options, 'options', none),
    ...request.messages.flatMap((message, index) => [
      ...('extra' in message ? lostFields(message.extra, `messages[${index}]`, none) : []),
      ...[...partsOf(message)].flatMap((part) =>
        'extra' in part ? lostFields(part.extra, `messages[${index}]`, none) : [],
      ),
    ]),
    ...request.tools.flatMap((tool, index) =>
      tool.kind === 'hosted' ? [] : lostFields(tool.extra, `tools[${index}]`, none),
    ),
  ]
}
