import { inventedId } from './wire.ts'

/**
 * In this dialect a result names the function it is of, and an id only where the call had one. Calls without an id get
 * one by their place in the conversation, so that it is the same in every turn, and a result without one, or
 * with one that no call has, belongs to the first call of that name that has no result yet.
 */
export class CallIds {
  /** Calls that wait for their result, oldest first. */
  #waiting: Array<{ name: string; id: string }> = []

  called(name: string, given: string | undefined, place: string): string {
    const id = given ? given : `${inventedId}${place}`
    this.#waiting.push({ name, id })
    return id
  }

  answered(name: string, given: string | undefined, place: string): string {
    const byId = given ? this.#waiting.findIndex((one) => one.id === given) : -1
    const at = byId === -1 ? this.#waiting.findIndex((one) => one.name === name) : byId
    const [call] = at === -1 ? [] : this.#waiting.splice(at, 1)
    // A result of nothing: what becomes of it is the affair of the API it goes to.
    return call?.id ?? given ?? `${inventedId}${place}`
  }
}
