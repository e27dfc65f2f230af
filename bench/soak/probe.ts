/**
 * Loaded into the gateway's process ahead of it (`--import`): tells over IPC what the process holds after a collection
 * of its garbage. It changes nothing else, and without a question costs nothing.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export interface Held {
  /** Bytes. */
  heap: number
  /** Bytes outside of the heap that belong to it: buffers. */
  external: number
  /** Timers, sockets, pending requests of the system: how many of each kind. */
  resources: Record<string, number>
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

process.on('message', ({ collect: wanted }: { collect: boolean }) => {
  if (!wanted) return tell()
  collect()
  // What a finalizer lets go of is garbage of the next round.
  setTimeout(() => {
    collect()
    tell()
  }, 50)
})
// The question channel is no reason to stay alive.
process.channel?.unref()

function tell(): void {
  const { heapUsed, external } = process.memoryUsage()
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  process.send?.({ heap: heapUsed, external, resources } satisfies Held)
}
