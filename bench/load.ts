/**
 * Clients, over bare sockets: they read as fast as they can (or as slowly as they are told) and check that every stream
 * is whole. Runs as a child; answers each `LoadJob` over IPC with a `LoadReport`.
 */
import { connect } from 'node:net'
import { createParser } from 'eventsource-parser'
import { ChunkedBody } from './chunked-body.ts'
import { type DialectName, marks, paths } from './streams.ts'

export interface LoadJob {
  port: number
  /** The dialect that the clients speak. */
  dialect: DialectName
  model: string
  /** Deltas that each stream must have. */
  tokens: number
  /** Streams at once, and how many each of those clients reads one after the other. */
  streams: number
  repeat: number
  /** Take the text out of every event too, and give it back; for one stream. */
  wantText?: boolean
  /** Close each connection after so many deltas, and pause so long before the next. */
  cutAfter?: number
  cutPauseMs?: number
  /** Bytes a second that each client reads. */
  slowly?: number
  /** Give up on what is still open after this time, without calling it a fault. */
  leaveAfterMs?: number
}

export interface LoadReport {
  seconds: number
  tokens: number
  /** What was wrong, a line for each stream that was. */
  faults: string[]
  text: string
  /** When the connections were closed, for `cutAfter`, in milliseconds of the system's monotonic clock. */
  cutAt: number[]
}

process.on('message', (job: LoadJob) => {
  void run(job).then((report) => process.send?.(report))
})
process.on('disconnect', () => process.exit(0))

async function run(job: LoadJob): Promise<LoadReport> {
  const report: LoadReport = { seconds: 0, tokens: 0, faults: [], text: '', cutAt: [] }
  const from = performance.now()
  await Promise.all(
    Array.from({ length: job.streams }, async () => {
      for (let i = 0; i < job.repeat; i++) {
        await stream(job, report).catch((fault: Error) => report.faults.push(fault.message))
        if (job.cutPauseMs) await new Promise((resolve) => setTimeout(resolve, job.cutPauseMs))
      }
    }),
  )
  report.seconds = (performance.now() - from) / 1000
  report.faults = report.faults.slice(0, 5)
  return report
}

function stream(job: LoadJob, report: LoadReport): Promise<void> {
  const { delta, end } = marks[job.dialect]
  const body = new ChunkedBody()
  const reader = job.wantText ? textReader(job.dialect, report) : undefined
  let tokens = 0
  /** The last bytes, in which a mark may have begun; shorter than a mark, so that none is counted twice. */
  let carry = ''
  let left = false
  return new Promise((resolve, reject) => {
    const socket = connect({ port: job.port, host: '127.0.0.1' }, () => {
      socket.setNoDelay(true)
      socket.write(requestOf(job))
    })
    const take = (piece: Buffer): void => {
      const text = carry + piece.toString('latin1')
      for (let at = text.indexOf(delta); at !== -1; at = text.indexOf(delta, at + delta.length)) tokens++
      carry = text.slice(-Math.max(delta.length, end.length) + 1)
      // The end mark may be longer than what a later piece still sees of it: it is looked for in what came last.
      tail = (tail + piece.toString('latin1', Math.max(0, piece.length - 64))).slice(-64)
      reader?.(piece)
    }
    let tail = ''
    socket.on('data', (bytes: Buffer) => {
      try {
        body.push(bytes, take)
      } catch (fault) {
        finish(fault as Error)
        return
      }
      if (job.cutAfter !== undefined && tokens >= job.cutAfter) {
        report.cutAt.push(Number(process.hrtime.bigint()) / 1e6)
        left = true
        finish()
      } else if (body.over) {
        finish()
      } else if (job.slowly) {
        socket.pause()
        setTimeout(() => socket.resume(), (bytes.length / job.slowly) * 1000)
      }
    })
    socket.on('error', finish)
    socket.on('close', () => finish(new Error(`the connection closed after ${tokens} of ${job.tokens} tokens`)))
    if (job.leaveAfterMs) {
      setTimeout(() => {
        left = true
        finish()
      }, job.leaveAfterMs)
    }
    let finished = false
    function finish(fault?: Error): void {
      if (finished) return
      finished = true
      socket.destroy()
      report.tokens += tokens
      const whole = tokens === job.tokens && tail.endsWith(end)
      if (fault) reject(fault)
      else if (left || whole) resolve()
      else reject(new Error(`${tokens} of ${job.tokens} tokens came, and the stream ends with ${JSON.stringify(tail)}`))
    }
  })
}

function requestOf({ dialect, model, port }: LoadJob): string {
  const content = 'Say a great many words. '.repeat(80)
  const body = JSON.stringify({ model, stream: true, max_tokens: 100_000, messages: [{ role: 'user', content }] })
  return [
    `POST ${paths[dialect]} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    'authorization: Bearer bench',
    'anthropic-version: 2023-06-01',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}

/** Reads the events as a client would, with a parser that is not under test. */
function textReader(dialect: DialectName, report: LoadReport): (piece: Buffer) => void {
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent({ data }) {
      if (data === '[DONE]') return
      const event = JSON.parse(data)
      const text: unknown = dialect === 'openai-chat' ? event.choices[0]?.delta.content : event.delta?.text
      if (typeof text === 'string') report.text += text
    },
  })
  return (piece) => parser.feed(decoder.decode(piece, { stream: true }))
}
