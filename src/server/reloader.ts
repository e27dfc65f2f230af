import { type Config, changesBetween, keepUnchanged, type Problem } from '../config/index.ts'
import { SluiceError } from '../errors/index.ts'
import type { Log } from '../observe/index.ts'
import { describeChange } from './describe-change.ts'

export interface ReloaderOptions {
  /** What holds at first. */
  config: Config
  /** @throws SluiceError `config_invalid` */
  read(held: Config): Promise<Config>
  /** Puts one in the place of the other. */
  take(after: Config, before: Config): void
  /** Another one is not taken, and why. */
  refuse(reason: string): void
  /** Something was read, whatever came of it. */
  onRead(): void
  log: () => Log
}

/** Reads the configuration again, and puts what is good in the place of what was. What is not good changes nothing. */
export class Reloader {
  readonly #options: ReloaderOptions
  #config: Config
  #reading: Promise<void> | undefined
  #again = false
  #over = false

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#config = options.config
  }

  /** The configuration that holds. */
  get config(): Config {
    return this.#config
  }

  /**
   * Once the result is there, all that was written before the call holds, or the log says why not. Never throws.
   *
   * @param quiet says nothing where nothing is different
   */
  reload({ quiet = false }: { quiet?: boolean } = {}): Promise<void> {
    this.#again = true
    this.#reading ??= this.#read(quiet).finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Nothing is taken any more. */
  stop(): void {
    this.#over = true
  }

  async #read(quiet: boolean): Promise<void> {
    // Who calls meanwhile may mean what was written after this reading began.
    while (this.#again && !this.#over) {
      this.#again = false
      try {
        const after = await this.#options.read(this.#config)
        if (!this.#over) this.#take(after, quiet)
      } catch (error) {
        this.#refuse(SluiceError.from(error))
      }
      this.#options.onRead()
    }
  }

  #take(read: Config, quiet: boolean): void {
    const { log, take } = this.#options
    const before = this.#config
    const change = changesBetween(before, read)
    const after = keepUnchanged(before, read)
    take(after, before)
    this.#config = after
    const said = describeChange(change)
    if (said !== undefined) log().info(`the configuration was read again: ${said}`, { source: after.source })
    else if (!quiet) log().info('the configuration was read again: nothing is different', { source: after.source })
    if (change.restart.length > 0) {
      log().warn(`needs a restart to hold: ${change.restart.join(', ')}; until then it is as it was`)
    }
  }

  #refuse(error: SluiceError): void {
    const { log, refuse } = this.#options
    refuse(error.message)
    const [first = ''] = error.message.split('\n', 1)
    log().error(`the configuration is not taken, and the one before holds on: ${first}`)
    for (const { file, line, path, message } of problemsOf(error)) {
      const place = [file, line].filter((one) => one !== undefined).join(':')
      log().error([place, path, message].filter((one) => one !== '').join(': '))
    }
  }
}

function problemsOf({ details }: SluiceError): Problem[] {
  const problems = details?.problems
  return Array.isArray(problems) ? (problems as Problem[]) : []
}
