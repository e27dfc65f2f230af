import type { Streaming } from './habit.ts'
import type { Script, ScriptFile } from './script.ts'

export interface ScriptedOptions {
  /** Default `127.0.0.1`. */
  host?: string
  /** Default 0: any free port. */
  port?: number
  /** Scripts by name, and perhaps a default. */
  scripts?: ScriptFile
  /** The one script that answers every request, whatever the request names. */
  script?: Script
  /** How many requests `requests` remembers. Default 1000. */
  logLimit?: number
  /** `random` makes ids as vendors do; by default they are counted, so that every run gives the same bytes. */
  ids?: 'counted' | 'random'
  /**
   * Refuse with 400 what the vendor would refuse: unknown fields, empty texts, calls without a result, results without
   * a call. Default false.
   */
  strict?: boolean
  /** How the server streams, whatever its scripts say. It can be set again later. */
  streaming?: Streaming
  /** The server is Straico's alone: `/v1/models` is its list too, and the account has so many coins (default a million). */
  straico?: { coins?: number }
}
