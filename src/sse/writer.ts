import type { SseMessage } from './event.ts'

/** What stands before the data of the latest message: most messages in a row are of one kind, told by one constant. */
let latestEvent: string | undefined
let latestHead = 'data: '

/**
 * An event as text, with its closing blank line. Line ends inside `data` become several data lines, and those inside
 * `event` or `id` are taken out, so no value can ever bring in a field or an event of its own.
 */
export function writeSse(message: SseMessage): string {
  const { event, id, data } = message
  if (event !== latestEvent) {
    latestEvent = event
    latestHead = event === undefined ? 'data: ' : `event: ${oneLine(event)}\ndata: `
  }
  const head = id === undefined ? latestHead : latestHead.replace(/data: $/, () => `id: ${oneLine(id)}\ndata: `)
  return `${head}${message.json ? data : lines(data)}\n\n`
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
