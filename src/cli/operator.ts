import { isLoopbackHost } from '../access/index.ts'
import { type Remote, remoteAt } from './remote.ts'

/** The options of a command that asks what only operators may, in words. */
export const operatorKeyHelp =
  'the operator key to show (default: $SLUICE_OPERATOR_KEY, else that of the configuration, else $SLUICE_KEY)'

/**
 * A sluice that is asked what only operators may: with `--key`, else `$SLUICE_OPERATOR_KEY`, else the first operator key
 * of the configuration that `start` would take, else `$SLUICE_KEY`, since a gateway without client keys minds none.
 *
 * @throws CommandError
 */
export async function operatorAt(url: string, key: string | undefined): Promise<Remote> {
  const given = key ?? (process.env.SLUICE_OPERATOR_KEY || undefined)
  const remote: Remote = { ...remoteAt(url, given), operator: true }
  return given === undefined ? { ...remote, key: (await configuredKey(remote.url)) ?? remote.key } : remote
}

/** Only for a sluice on this machine: the key of this machine's file is nothing for another one. */
async function configuredKey(url: string): Promise<string | undefined> {
  if (!isLoopbackHost(new URL(url).hostname)) return undefined
  const { readConfig } = await import('../config/index.ts')
  try {
    return readConfig({ env: process.env }).access.operatorKeys[0]
  } catch {
    // The one that runs may be another, or have been read when this was a good one: without a key it says what it wants.
    return undefined
  }
}
