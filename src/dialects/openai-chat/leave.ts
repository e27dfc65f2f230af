import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import type { Warning } from '../dialect.ts'

/** A request on its way to an upstream of another dialect. @throws SluiceError `unsupported` for a spoken answer */
export function leave(request: ChatRequest): Warning[] {
  const { fields } = request.extra
  if (Array.isArray(fields.modalities) && fields.modalities.includes('audio')) {
    throw new SluiceError(
      'unsupported',
      'cannot send the request to this model: `modalities` asks for a spoken answer, and the provider does not speak the Chat Completions API; ask for text',
      { param: 'modalities' },
    )
  }
  // Text alone is what every answer is, and padding against eavesdroppers is no part of it.
  delete fields.modalities
  delete fields.stream_options
  return []
}
