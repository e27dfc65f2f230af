import type { SseMessage } from './event.ts'

/** The event field of the latest message as its line: most messages in a row are of one kind, told by one constant. */
let latestEvent: string | undefined
let latestLine = ''

/**
 * An event as text, with its closing blank line. Line ends inside `data` become several data lines, and those inside
 * `event` or `id` are taken out, so no value can ever bring in a field or an event of its own.
 */
export function writeSse(message: SseMessage): string {
  const { event, id, data } = message
  let head = ''
  if (event !== undefined) {
    if (event !== latestEvent) {
      latestEvent = event
      latestLine = `event: ${oneLine(event)}\n`
    }
    head = latestLine
  }
  if (id !== undefined) head += `id: ${oneLine(id)}\n`
  return `${head}data: ${message.json ? data : lines(data)}\n\n`
}

/** A comment: readers skip it, so it is a sign of life. */
export function writeComment(text: string): string {
  return `: ${oneLine(text)}\n\n`
}

function lines(data: string): string {
  if (!data.includes('\n') && !data.includes('\r')) return data
  return data.split(/\r\n|\r|\n/).join('\ndata: ')
}

function oneLine(value: string): string {
  return value.includes('\n') || value.includes('\r') || value.includes('\0') ? value.replace(/[\r\n\0]/g, '') : value
}
