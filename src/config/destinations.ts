import { SluiceError } from '../errors/index.ts'
import { type Alias, type Route, type RoutingTable, resolve } from '../routing/index.ts'
import type { Path } from './path.ts'
import type { ProviderList } from './provider-list.ts'
import { checkTarget, hasPlace, noteGuess } from './target.ts'
import type { Written } from './written.ts'

/** Where `[routing]` may send requests. What leads nowhere is reported. */
export class Destinations {
  readonly #written: Written
  readonly #list: ProviderList
  readonly #names: readonly string[]
  /** One for all questions, as a table is made ready by the first of them. */
  readonly #table: RoutingTable

  constructor(written: Written, list: ProviderList, aliases: readonly Alias[]) {
    this.#written = written
    this.#list = list
    this.#names = aliases.map(({ name }) => name)
    this.#table = { providers: list.providers, aliases }
  }

  /** A name of `[[models]]`, or one that leads somewhere by itself. */
  checkName(path: Path, name: string): void {
    // What an alias leads to was looked at with the alias.
    if (this.#filled(path, name) || this.#names.includes(name)) return
    const route = this.#find(name)
    if (route) noteGuess(this.#written, path, name, route, this.#list.providers)
    else checkTarget(this.#written, path, name, this.#list, [])
  }

  checkTarget(path: Path, target: string): void {
    if (!this.#filled(path, target)) checkTarget(this.#written, path, target, this.#list, this.#names)
  }

  /** A place for a part of the name is nothing here: rules and situations are for any name. */
  #filled(path: Path, name: string): boolean {
    if (!hasPlace(name)) return false
    this.#written.problems.add(path, 'found a `*` or `{model}`, which only [[models]] can fill; write a whole name')
    return true
  }

  #find(name: string): Route | undefined {
    try {
      return resolve(name, this.#table)
    } catch (thrown) {
      if (SluiceError.is(thrown)) return undefined
      throw thrown
    }
  }
}
