import type { ConfigOptions } from '../../config/index.ts'
import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'

export type ProviderDraft = NonNullable<ConfigOptions['providers']>[number]
export type ModelDraft = NonNullable<ConfigOptions['models']>[number]

/** What came of somebody else's configuration, and what of it did not come along. */
export interface Imported {
  config: ConfigOptions
  /** A line each, without any key. */
  warnings: readonly string[]
}

/** A configuration on its way from one form to ours. */
export class Draft {
  readonly providers: ProviderDraft[] = []
  readonly models: ModelDraft[] = []
  readonly rest: Omit<ConfigOptions, 'providers' | 'models'> = {}
  readonly #warnings = new Set<string>()

  /** Said once, however often it is found. */
  warn(message: string): void {
    this.#warnings.add(message)
  }

  /**
   * Says of each field that is left that nothing here stands for it.
   *
   * @param advice what to do without some of them
   */
  warnRest(
    fields: JsonObject,
    known: ReadonlySet<string>,
    where: string,
    advice: Readonly<Record<string, string>> = {},
  ): void {
    for (const key of Object.keys(fields)) {
      if (known.has(key)) continue
      if (Object.hasOwn(advice, key)) this.warn(`${where}${key} was left out: ${advice[key]}`)
      else this.warn(`${where}${key} has no counterpart and was left out`)
    }
  }

  /** A provider of this kind that is already there, else a new one, under a name that no other has. */
  provider(options: ProviderDraft): string {
    const { name, ...wanted } = options
    const same = this.providers.find(({ name: other, ...had }) => {
      const { kind, ...rest } = had
      const alike = kind === name && wanted.kind === undefined ? rest : had
      return (other === name || other.startsWith(`${name}-`)) && JSON.stringify(alike) === JSON.stringify(wanted)
    })
    if (same) return same.name
    const free = this.#free(name)
    // A preset is found by the name alone only where the name is the preset's.
    const kind = free === name || wanted.kind !== undefined || wanted.dialect !== undefined ? {} : { kind: name }
    this.providers.push({ ...options, name: free, ...kind })
    return free
  }

  done(): Imported {
    const { server, access, limits, streaming, log, routing } = this.rest
    return {
      config: {
        ...(server && { server }),
        ...(access && { access }),
        ...(limits && { limits }),
        ...(streaming && { streaming }),
        ...(this.providers.length > 0 && { providers: this.providers }),
        ...(this.models.length > 0 && { models: this.models }),
        ...(routing && { routing }),
        ...(log && { log }),
      },
      warnings: [...this.#warnings],
    }
  }

  #free(name: string): string {
    let free = name
    for (let i = 2; this.providers.some((one) => one.name === free); i++) free = `${name}-${i}`
    return free
  }
}

/** A name as providers may have one. */
export function providerName(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '') || 'provider'
}

/** A text that stands for itself: ours would put an environment variable into `${…}`. */
export function literal(text: string): string {
  return text.replaceAll('${', () => '$${')
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

export function objectsOf(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

export function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}
