import { dirname } from 'node:path'

/** What a file names stands beside it, wherever sluice is started from. */
export function folderOf(from: string | undefined): string {
  return from === undefined || from === 'options' ? '.' : dirname(from)
}
