import { SluiceError } from '../../errors/index.ts'
import type { ChatRequest } from '../../tokens/index.ts'
import type { Target } from '../dialect.ts'
import { RequestEncoding } from '../request-encoding.ts'
import { dialectName } from './wire.ts'

/** A request on its way to an upstream of this dialect. Names of tools and ids of calls are free here. */
export class Encoding extends RequestEncoding {
  constructor(request: ChatRequest, target: Target) {
    super(request, target, dialectName)
  }
}

export function unsupported(param: string, problem: string): never {
  throw new SluiceError('unsupported', `cannot send the request to Ollama: ${problem}`, { param })
}
