import { type Ask, prompt } from './ask.ts'
import { sample } from './sample.ts'
import type { Script } from './script.ts'

/** About what a fast model takes for a word. */
const pace = 30

/**
 * What is answered when no script was named: where the answer comes from, what was asked, and how to get a real one.
 * With tools at hand, "use <tool>" calls that tool, and its result is told back, so that a whole tool loop can be tried.
 */
export function defaultScript(ask: Ask): Script {
  if (ask.toolResult !== undefined) {
    return say(`The tool answered: ${excerpt(ask.toolResult, 200)}. ${origin}`)
  }
  const wanted = /^(?:please\s+)?(?:use|call|run|try)\s+(?:the\s+)?(?:tool\s+)?["'`]?([\w.-]+)/i.exec(prompt(ask))?.[1]
  const tool = wanted && ask.tools.find((one) => one.name.toLowerCase() === wanted.toLowerCase())
  if (tool) {
    if (tool.custom) return { steps: [{ tool: tool.name, custom: true, arguments: 'some input', pace }] }
    const value = sample(tool.parameters ?? { type: 'object' })
    return { steps: [{ tool: tool.name, arguments: value as Record<string, unknown>, pace }] }
  }
  const said = excerpt(prompt(ask), 80)
  const heard = said === '' ? 'It heard nothing.' : `It heard: "${said}".`
  return say(
    `Hello! sluice is running without any provider, so this is its scripted stand-in speaking. ${heard} ${remedy}`,
  )
}

const remedy =
  'For a real model put a key such as ANTHROPIC_API_KEY or OPENAI_API_KEY into the environment and start sluice again.'
const origin = 'That was a call through sluice, which is running without any provider.'

function say(text: string): Script {
  return { steps: [{ text, chunk: 'word', pace }] }
}

function excerpt(text: string, length: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const characters = [...line]
  return characters.length > length ? `${characters.slice(0, length).join('')}…` : line
}
