import { checkOllama, checkWholeOllama, type SeenLines } from '../fixtures/check-ollama.ts'

const utf8 = (body: Buffer): string => new TextDecoder('utf-8', { fatal: true }).decode(body)

/** A stream of lines, proved to be well formed. */
export function checkLines(body: Buffer): SeenLines {
  return checkOllama(utf8(body))
}

export function checkWholeLine(status: number, body: Buffer): SeenLines {
  return checkWholeOllama(status, utf8(body))
}
