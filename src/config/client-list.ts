import type { ClientConfig } from './config.ts'
import { checkNames, good, listed, type Written } from './written.ts'

/** The `[[clients]]`. Of use only when no problem has come up. */
export function listClients(written: Written): ClientConfig[] {
  const clients = listed(written, 'clients').map(({ path, name }): ClientConfig => {
    const userAgent = good<string>(written, [...path, 'user_agent'])
    const comments = good<boolean>(written, [...path, 'comments'])
    const ping = good<boolean>(written, [...path, 'ping'])
    const reasoning = good<ClientConfig['reasoning']>(written, [...path, 'reasoning'])
    if (name === 'usual' && userAgent !== undefined) {
      written.problems.add(
        [...path, 'user_agent'],
        'found one for "usual", which is every client that is no other; give this one a name of its own',
      )
    }
    return {
      name: String(name),
      ...(userAgent !== undefined && { userAgent }),
      ...(comments !== undefined && { comments }),
      ...(ping !== undefined && { ping }),
      ...(reasoning !== undefined && { reasoning }),
    }
  })
  checkNames(written, 'clients', 'client')
  return clients
}
