import type { Reply } from './reply.ts'

export interface GateOptions {
  /** Only requests for this model. Default: for any. */
  model?: string
  /** Only requests that ask for a stream, or only those that do not. */
  stream?: boolean
  /** What is held back: the whole answer (default), or all that follows its head. */
  at?: 'head' | 'body'
}

/** Holds answers back until it is opened. */
export interface Gate {
  /** How many answers it holds now. */
  readonly holding: number
  /** Resolves once it has held so many answers, those that were let go included. */
  held(count: number): Promise<void>
  /** Lets go of the answers that were held first, and stays closed. */
  release(count?: number): void
  /** Lets go of all, and holds no more. */
  open(): void
}

interface Shut extends Gate {
  readonly options: GateOptions
  hold(): { passed: Promise<void>; gone(): void }
}

/** The gates of one server. */
export class Gates {
  readonly #gates = new Set<Shut>()

  add(options: GateOptions): Gate {
    const gate = shut(options, () => this.#gates.delete(gate))
    this.#gates.add(gate)
    return gate
  }

  /** Waits, if a gate is in the way, until it opens or the client is gone. */
  async pass(at: 'head' | 'body', asked: { model: string; stream: boolean }, reply: Reply): Promise<void> {
    for (const gate of [...this.#gates]) {
      const { options } = gate
      if ((options.at ?? 'head') !== at) continue
      if (options.model !== undefined && options.model !== asked.model) continue
      if (options.stream !== undefined && options.stream !== asked.stream) continue
      const { passed, gone } = gate.hold()
      await reply.until(passed)
      gone()
    }
  }

  /** True: some gate may hold back what follows a head. */
  get anyBody(): boolean {
    return [...this.#gates].some(({ options }) => options.at === 'body')
  }
}

function shut(options: GateOptions, forget: () => void): Shut {
  const waiting = new Set<() => void>()
  let opened = false
  let seen = 0
  let watchers: Array<{ count: number; resolve: () => void }> = []
  const letGo = (count: number): void => {
    for (const pass of [...waiting].slice(0, count)) {
      waiting.delete(pass)
      pass()
    }
  }
  return {
    options,
    get holding() {
      return waiting.size
    },
    held: (count) =>
      new Promise((resolve) => {
        if (seen >= count) resolve()
        else watchers.push({ count, resolve })
      }),
    release: (count = 1) => letGo(count),
    open() {
      opened = true
      forget()
      letGo(waiting.size)
    },
    hold() {
      let pass = (): void => {}
      const passed = new Promise<void>((resolve) => {
        pass = resolve
      })
      if (opened) pass()
      else waiting.add(pass)
      seen++
      for (const { count, resolve } of watchers) if (seen >= count) resolve()
      watchers = watchers.filter(({ count }) => seen < count)
      return { passed, gone: () => waiting.delete(pass) }
    },
  }
}
