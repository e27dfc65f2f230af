import type { Json, JsonObject } from '../../../src/tokens/index.ts'
import type { Form, Outcome, PrefixFeature } from './feature.ts'
import { refused, unsayable, unsupported } from './outcome.ts'
import { bodyOf, requestOf, send } from './send.ts'

/**
 * A vendor finds a prompt in its cache by how it begins, so what was sent for a history has to be the beginning of what
 * is sent once that history has grown, to the byte.
 */
export function runPrefix({ request, turns }: PrefixFeature, client: string, upstream: string, form: Form): Outcome {
  const messages = [...(request.messages ?? [])]
  let before: string[] | undefined
  for (const turn of turns) {
    messages.push(...turn)
    const asked = requestOf(client, form, { ...request, messages })
    let body: JsonObject
    try {
      body = bodyOf(client, asked)
    } catch (error) {
      return unsayable('client', unsupported(error).message)
    }
    let sent: JsonObject
    try {
      sent = send(client, upstream, body, asked).encoded.body
    } catch (error) {
      return refused(error)
    }
    const pieces = piecesOf(sent)
    const changed = before?.findIndex((piece, at) => !pieces[at]?.startsWith(piece)) ?? -1
    if (changed !== -1) {
      return { grade: 'partial', told: [], found: `${before?.[changed]}\n  became\n${pieces[changed]}` }
    }
    before = pieces
  }
  return { grade: 'full', told: [] }
}

/** What a prompt is made of, in order: the tools, the instructions, and one text for each turn, open at its end. */
function piecesOf(body: JsonObject): string[] {
  const { tools, toolConfig, system, systemInstruction, instructions, messages, contents, input } = body
  const head = [tools ?? toolConfig, system ?? systemInstruction ?? instructions].map((one) =>
    JSON.stringify(one ?? null),
  )
  const said = [messages, contents, input].find(Array.isArray) as Json[]
  // What stands behind the last part of a turn may go on: a result that comes later joins those that came before.
  return [...head, ...said.map((turn) => JSON.stringify(turn).replace(/[\]}]+$/, ''))]
}
