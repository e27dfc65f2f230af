import type { ReplyFacts, StreamDecoder } from '../../dialects/index.ts'
import { SluiceError } from '../../errors/index.ts'
import { isWholeData } from '../../pipeline/index.ts'
import type { EventParser, SseEvent } from '../../sse/index.ts'
import { type ChatReply, Folder, isDelta, type StreamToken } from '../../tokens/index.ts'
import { newProgress, type Progress, type Relay } from './relay.ts'

/** What there is to tell of an answer that came whole. */
export function progressOf({ model, finish, usage, parts }: ReplyFacts): Progress {
  return { ...newProgress(), over: true, finished: true, usage, finish, model, deltas: parts }
}

/** The same of one that was taken apart. */
export function factsOf({ model, choices, usage }: ChatReply): ReplyFacts {
  const parts = choices.reduce((sum, choice) => sum + choice.parts.length, 0)
  return { model, finish: choices[0]?.finish.reason, usage, parts }
}

/** A provider that streams although a whole answer was asked for: its stream is collected and folded. */
export function wholeFromStream(
  parser: EventParser,
  decoder: StreamDecoder,
  maxBytes: number,
  events: { onReply: (reply: ChatReply) => void; onFailure: (error: SluiceError) => void },
): Relay {
  const progress = newProgress()
  const folder = new Folder()
  let bytes = 0
  const onToken = (token: StreamToken): void => {
    if (progress.over) return
    // Nothing follows an error, but the connection may stay open behind it.
    if (token.type === 'error') {
      fail(token.error)
      return
    }
    folder.push(token)
    if (isDelta(token)) progress.deltas++
  }
  const onEvent = (event: SseEvent): void => decoder.push(event, onToken)
  const close = (): void => {
    if (progress.over) return
    try {
      decoder.end?.(onToken)
      if (progress.over) return
      events.onReply(folder.reply())
      progress.over = true
    } catch (error) {
      fail(SluiceError.from(error))
    }
  }
  const fail = (error: SluiceError): void => {
    if (progress.over) return
    progress.over = true
    progress.error = error
    events.onFailure(error)
  }
  return {
    progress,
    data(chunk) {
      if (progress.over) return
      bytes += chunk.length
      try {
        if (bytes > maxBytes) throw tooLarge(maxBytes)
        parser.push(chunk, onEvent)
      } catch (error) {
        // What stands behind the end marker is no part of the answer, even in the same read.
        if (!decoder.done) {
          fail(SluiceError.from(error))
          return
        }
      }
      progress.finished = decoder.finished
      if (decoder.done) close()
    },
    flush() {},
    end() {
      if (progress.over) return
      try {
        parser.end((event) => {
          if (isWholeData(event.data)) onEvent(event)
        })
      } catch (error) {
        // Behind the finish a torn message has taken nothing of the answer along.
        if (!decoder.finished) return fail(SluiceError.from(error))
      }
      close()
    },
    fail,
  }
}

function tooLarge(limit: number): SluiceError {
  return new SluiceError(
    'event_too_large',
    `cannot give a whole answer: the stream of the provider is larger than ${limit} bytes; ask for a stream instead`,
  )
}
