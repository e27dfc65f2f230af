import { type ClientDialectName, clientDialects } from '../../../src/dialects/index.ts'
import type { Script } from '../../../src/providers/scripted/index.ts'

/** How far an answer has come when the fault strikes. */
export const phases = {
  head: 'Before the head',
  empty: 'Behind the head, before anything else',
  start: 'Behind the first events, before any content',
  reasoning: 'In the middle of reasoning',
  text: 'In the middle of a text',
  tool: 'In the middle of a tool call',
  finish: 'Behind the finish',
  whole: 'In an answer that was asked for in one piece',
  simulated: 'In an answer in one piece that comes in place of a stream',
} as const

export type Phase = keyof typeof phases

/** What the first target says; the words in capitals mark the places. */
export const firstText = 'One two BRAVO three four.'
/** What the second one says, in place of it or behind it. */
export const secondText = 'Five six seven.'

const fixed = { id: 'resp_1', model: 'm', usage: { input: 7 } }

/** The good script in which a fault is put. */
export function scriptOf(phase: Phase): Script {
  const text = { text: firstText, chunk: 'word' } as const
  const arguments_ = { tool: 'look', id: 'call_1', arguments: { city: 'CHARLIE', zone: 'far away' }, pieces: tornCall }
  switch (phase) {
    case 'reasoning':
      return { ...fixed, steps: [{ reasoning: 'Let me ALPHA think.', chunk: 'word' }, text] }
    case 'tool':
      return { ...fixed, steps: [{ text: 'I look it up.' }, arguments_] }
    case 'simulated':
      return { ...fixed, steps: [text], streaming: 'ignores' }
    default:
      return { ...fixed, steps: [text] }
  }
}

const tornCall = ['{"city":', '"CHARLIE"', ',"zone":"far away"}']

/** Where a fault strikes: behind so many events, or so many bytes, which end inside an event. */
export interface Place {
  events: number
  bytes: number
  /** There is another event behind them. */
  more: boolean
}

/** Whose reasoning nobody else can complete. */
export function seals(upstream: ClientDialectName): boolean {
  return clientDialects[upstream].upstream.signsReasoning === true
}
