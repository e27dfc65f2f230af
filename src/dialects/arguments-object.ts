import { isJsonObject, type JsonObject } from '../tokens/index.ts'
import { parse } from './lenient.ts'

/** The object that arguments are; those that are none are shown as they are, under a name that says so. */
export function argumentsObject(text: string): { value: JsonObject; whole: boolean } {
  if (text.trim() === '') return { value: {}, whole: true }
  const value = parse(text)
  return isJsonObject(value) ? { value, whole: true } : { value: { __raw: text }, whole: false }
}
