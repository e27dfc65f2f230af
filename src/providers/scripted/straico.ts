import type { Json, JsonObject } from '../../tokens/index.ts'
import { wholeChat } from './openai-chat-whole.ts'
import { type ErrorFacts, fill, repeated, type Scene } from './scene.ts'
import { coinsPer100Words } from './straico-models.ts'

/** The answers of Straico, which are OpenAI's with a price beside them. */

/** A script as the whole answer to a chat, to a prompt, or to a prompt for several models. */
export function wholeStraico(scene: Scene): JsonObject {
  const { form } = scene.ask
  if (form === 'prompt') return { data: completionOf(scene), success: true }
  if (form !== 'prompts') {
    const { completion, ...bill } = completionOf(scene)
    return { ...(completion as JsonObject), ...bill }
  }
  const scenes = [scene, ...(scene.others ?? [])]
  const completions = Object.fromEntries(scenes.map((one) => [one.ask.model, completionOf(one)]))
  const overall = { overall_price: { ...sum(scenes.map(priceOf)) }, overall_words: { ...sum(scenes.map(wordsOf)) } }
  return { data: { ...overall, completions }, success: true }
}

/** What the answer costs, in coins, those of all models of one prompt together. A model that failed costs nothing. */
export function straicoCost(scene: Scene): number {
  return sum([scene, ...(scene.others ?? [])].map(priceOf)).total
}

export function straicoStatus({ turn }: Scene): number {
  return turn.straico?.status ?? 201
}

/** The error is a text; an object where a script says more than a message. */
export function straicoError({ status, message, type, code }: ErrorFacts): JsonObject {
  const text = message ?? errorTexts[status] ?? (status < 500 ? 'The request is not valid.' : 'Something went wrong.')
  const more = { ...(type !== undefined && { type }), ...(code !== undefined && { code }) }
  return { error: Object.keys(more).length > 0 ? { message: text, ...more } : text, success: false }
}

const errorTexts: Record<number, string> = {
  401: 'Invalid API key.',
  402: 'Not enough coins.',
  403: 'The plan does not allow this.',
  404: 'Not found.',
  429: 'Too many requests.',
}

function completionOf(scene: Scene): JsonObject {
  const { turn } = scene
  const { completionError, price, words } = turn.straico ?? {}
  if (completionError !== undefined) return { completion: { error: { message: completionError } } }
  return {
    completion: completion(scene),
    ...(price !== false && { price: { ...priceOf(scene) } }),
    ...(words !== false && { words: { ...wordsOf(scene) } }),
  }
}

function completion(scene: Scene): JsonObject {
  const { service_tier: _, system_fingerprint: __, ...whole } = wholeChat(scene)
  const content = scene.turn.straico?.content ?? 'text'
  const choices = (whole.choices as JsonObject[]).map((choice) => {
    const message = choice.message as JsonObject
    const { annotations: ___, ...said } = message
    return { ...choice, message: { ...said, content: contentAs(content, said.content ?? null) } }
  })
  return { ...whole, choices }
}

function contentAs(form: 'text' | 'parts' | 'null', text: Json): Json {
  if (form === 'null') return null
  return form === 'parts' && typeof text === 'string' ? [{ type: 'text', text }] : text
}

interface Amounts {
  input: number
  output: number
  total: number
}

function wordsOf({ turn, ask }: Scene): Amounts {
  if (turn.straico?.completionError !== undefined) return { input: 0, output: 0, total: 0 }
  const input = Math.max(1, Math.ceil(ask.inputTokens * 0.75))
  let output = 0
  for (const step of turn.steps ?? []) {
    if ('repeat' in step) output += step.repeat * Math.max(1, countWords(repeated(step.text, 0)))
    else if ('text' in step) output += countWords(fill(step.text, ask))
    else if ('reasoning' in step) output += countWords(step.reasoning)
  }
  return { input, output, total: input + output }
}

function priceOf(scene: Scene): Amounts {
  const words = wordsOf(scene)
  const said = scene.turn.straico?.price
  if (typeof said === 'number' && words.total > 0) return { input: 0, output: said, total: said }
  const coins = (count: number): number => rounded((count * coinsPer100Words) / 100)
  const price = { input: coins(words.input), output: coins(words.output) }
  return { ...price, total: rounded(price.input + price.output) }
}

function sum(amounts: Amounts[]): Amounts {
  const all = (key: keyof Amounts): number => rounded(amounts.reduce((left, one) => left + one[key], 0))
  return { input: all('input'), output: all('output'), total: all('total') }
}

function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}

/** Coins have two places. */
function rounded(amount: number): number {
  return Math.round(amount * 100) / 100
}
