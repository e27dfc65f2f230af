import { SluiceError } from '../../errors/index.ts'
import type { SseEvent, SseMessage } from '../../sse/index.ts'
import type { FinishReason, Usage } from '../../tokens/index.ts'
import type { StreamObserver } from '../dialect.ts'
import { filled } from '../lenient.ts'
import { errorLine } from './encode-stream.ts'
import { decodeFinish } from './finish.ts'
import { PlainLine } from './plain-line.ts'
import { type Line, readLine } from './read-line.ts'
import { decodeUsage } from './usage.ts'

/** Reads along with a stream that goes to the client as it is. Most lines are recognised without parsing them. */
export class OllamaObserver implements StreamObserver {
  readonly #plain = new PlainLine()
  #called = false
  content = false
  done = false
  error: SluiceError | undefined
  usage: Usage | undefined
  finish: FinishReason | undefined
  model: string | undefined
  deltas = 0

  get finished(): boolean {
    return this.done
  }

  see(event: SseEvent): boolean {
    if (this.#plain.match(event.data) !== undefined) {
      this.content = true
      this.deltas++
      return true
    }
    try {
      const line = readLine(event.data)
      this.#line(line)
      if (!line.unknown && !line.done) this.#plain.learn(event.data)
      return true
    } catch (thrown) {
      this.error = SluiceError.from(thrown, 'upstream_protocol')
      return false
    }
  }

  /** The last line says all that there is to say. */
  complete(): SseMessage[] {
    return []
  }

  fail(error: SluiceError): SseMessage[] {
    return [errorLine(error)]
  }

  #line({ body, text, thinking, calls, done }: Line): void {
    this.model ??= filled(body.model)
    if (calls.length > 0) this.#called = true
    if (text !== '' || thinking !== '' || calls.length > 0) {
      this.content = true
      this.deltas++
    }
    if (!done) return
    this.content = true
    this.done = true
    this.usage = decodeUsage(body)
    this.finish = decodeFinish(body.done_reason, this.#called).reason
  }
}
