import type { PartialArg } from '@google/genai'
import type { Json } from '../../src/tokens/index.ts'

/** Arguments of a call that come value by value, each at its JSON path: the SDK hands them on as they are. */
export class PartialArguments {
  value: Json
  /** The path of the string that goes on with the next piece. */
  #growing: string | undefined

  constructor(value: Json = {}) {
    this.value = value
  }

  take({ jsonPath = '$', stringValue, numberValue, boolValue, willContinue, ...rest }: PartialArg): void {
    const value = stringValue ?? numberValue ?? boolValue ?? ('nullValue' in rest ? null : '')
    const steps = [...jsonPath.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[['"](.*?)['"]\]/g)].map(
      ([, name, index, quoted]) => name ?? quoted ?? Number(index),
    )
    this.value = this.#put(this.value, steps, this.#growing === jsonPath ? value : undefined, value)
    this.#growing = willContinue ? jsonPath : undefined
  }

  #put(into: Json | undefined, [step, ...rest]: Array<string | number>, more: unknown, value: Json): Json {
    if (step === undefined) return typeof into === 'string' && typeof more === 'string' ? into + more : value
    const box = (into ?? (typeof step === 'number' ? [] : {})) as Record<string | number, Json>
    box[step] = this.#put(box[step], rest, more, value)
    return box as Json
  }
}
