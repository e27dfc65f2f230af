/**
 * Those who are here at the moment, where thousands come and go each second. A `Set` is made for staying: as entries
 * leave it makes itself a new table time and again, the old one goes on pointing at all who were in it and at the new
 * one, and once such a table has grown old, nothing that it names dies young. Every entry, with all that hangs on it,
 * is then kept until the next full collection.
 */
export class Roster<T> {
  readonly #places: Place<T>[] = []

  get size(): number {
    return this.#places.length
  }

  /** The place is what to leave by. */
  enter(item: T): Place<T> {
    const place = { item, at: this.#places.length }
    this.#places.push(place)
    return place
  }

  /** Leaving twice is harmless. */
  leave(place: Place<T>): void {
    const { at } = place
    if (this.#places[at] !== place) return
    const last = this.#places.pop()!
    if (last === place) return
    last.at = at
    this.#places[at] = last
  }

  /** All who are here now, in no order; who comes or leaves meanwhile changes nothing in the list. */
  all(): T[] {
    return this.#places.map((place) => place.item)
  }
}

export interface Place<T> {
  readonly item: T
  /** Where it stands: the roster's own affair. */
  at: number
}
