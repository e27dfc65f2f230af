import { pathToFileURL } from 'node:url'

let loads = 0

/** A module of the user's. One that was changed since is loaded anew; what is loaded stays in memory, as modules do. */
export async function importCode(file: string): Promise<{ default?: unknown }> {
  const url = pathToFileURL(file)
  // Modules are known by their address, so that another one is another module.
  if (++loads > 1) url.searchParams.set('load', String(loads))
  return (await import(url.href)) as { default?: unknown }
}
