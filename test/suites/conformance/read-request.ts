import type { ChatRequest, Message } from '../../../src/tokens/index.ts'

/** Who says what, in order; adjacent turns of one speaker are one. */
export function turnsOf({ messages }: ChatRequest): Array<[role: string, text: string]> {
  const turns: Array<[string, string]> = []
  for (const message of messages) {
    const last = turns.at(-1)
    const text = textOf(message)
    if (last?.[0] === message.role) last[1] += text
    else turns.push([message.role, text])
  }
  return turns
}

/** Everything that is said, with the speaker, whatever turns it is divided into. */
export function textsOf(request: ChatRequest): unknown {
  const turns = turnsOf(request)
  return turns.map(([role, text]) => `${role}: ${text.replaceAll(/\n+$/g, '')}`)
}

function textOf(message: Message): string {
  return (message.parts as Array<{ type: string; text?: string }>)
    .map((part) => (part.type === 'text' ? (part.text ?? '') : ''))
    .join('')
}
