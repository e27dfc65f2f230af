import { expect, it } from 'vitest'
import { readTree } from '../../scripts/house/tree.ts'
import { root } from '../../scripts/run.ts'
import { anthropicMessages, openaiChat } from '../../src/dialects/index.ts'
import { type ErrorCode, type ErrorKind, errorCodes, SluiceError } from '../../src/errors/index.ts'

const page = readTree(root).get('docs/errors.md') ?? ''

// `unsupported` and the like have a word of their own at OpenAI; the first code of each kind has none.
const kinds = new Map<ErrorKind, ErrorCode>()
for (const [code, { kind }] of Object.entries(errorCodes)) {
  if (!kinds.has(kind) && code !== 'unknown_route') kinds.set(kind, code as ErrorCode)
}

it.each([...kinds])('docs/errors.md says how %s is worded', (kind, code) => {
  const error = new SluiceError(code, 'x')
  const openai = openaiChat.client.encodeError(error, 'req_1').body.error as { type: string; code: string }
  const anthropic = anthropicMessages.client.encodeError(error, 'req_1')
  const word = openai.code === code ? "sluice's code" : `\`${openai.code}\``
  const type = (anthropic.body.error as { type: string }).type
  const status = anthropic.status === error.status ? '' : `, status ${anthropic.status}`
  expect(page).toContain(`| ${kind} | \`${openai.type}\` · ${word} | \`${type}\`${status} |\n`)
})
