import { isJsonObject, type JsonObject } from '../../tokens/index.ts'
import { filled } from '../lenient.ts'

/** Whose words the pages below are in: an address and a title, as other APIs have them. */
export const pageShape = 'web-page'

/**
 * The pages that an answer as a whole rests on, as servers that search by themselves list them beside it: `citations`
 * holds addresses (Perplexity, xAI), `search_results` the titles as well (Perplexity). Each is here once.
 */
export class PageList {
  readonly #pages = new Map<string, JsonObject>()

  get pages(): Iterable<JsonObject> {
    return this.#pages.values()
  }

  /** Takes note of the fields beside an answer. */
  take({ citations, search_results }: JsonObject): void {
    for (const list of [citations, search_results]) {
      for (const entry of Array.isArray(list) ? list : []) {
        const { url, title } = isJsonObject(entry) ? entry : { url: entry }
        const address = filled(url)
        // Lists of other things go by these names, too.
        if (address === undefined || !/^https?:/i.test(address)) continue
        const name = filled(title)
        this.#pages.set(address, {
          url: address,
          ...this.#pages.get(address),
          ...(name !== undefined && { title: name }),
        })
      }
    }
  }
}
