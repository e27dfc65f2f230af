import type { Sluice, SluiceOptions } from '../index.ts'
import { answers, type Remote, remoteAt, usualUrl } from './remote.ts'

/** Whom a command talks to. */
export interface Seat {
  remote: Remote
  /** The model to take when none is named, where that is known. */
  model?: string
  /** There where none was running: whoever asked for the seat has to close it. */
  sluice?: Sluice
}

export interface SeatFlags {
  url?: string
  key?: string
  config?: string
}

/**
 * The sluice that a command is to use: the one that was named, else the one at the usual place, else a new one on a free
 * port of this machine. A configuration always gets a new one.
 *
 * @param options how a new one writes its log
 */
export async function findSeat(
  { url, key, config }: SeatFlags,
  options: () => Pick<SluiceOptions, 'log' | 'logLevel'> | Promise<Pick<SluiceOptions, 'log' | 'logLevel'>>,
): Promise<Seat> {
  const remote = remoteAt(url ?? usualUrl, key)
  if (config === undefined && (url !== undefined || (await answers(remote)))) return { remote }
  const { createSluice } = await import('../index.ts')
  const { exampleModel } = await import('./summary.ts')
  const sluice = await createSluice({
    ...(config !== undefined && { config }),
    host: '127.0.0.1',
    port: 0,
    ...(await options()),
  })
  const scripted = sluice.config.source.endsWith('built-in')
  if (scripted) process.stderr.write('sluice: no provider is configured; the scripted one answers\n')
  const model = exampleModel(sluice.config) ?? (scripted ? 'demo' : undefined)
  return {
    remote: { url: sluice.url, key: sluice.config.access.keys[0] },
    ...(model !== undefined && { model }),
    sluice,
  }
}
