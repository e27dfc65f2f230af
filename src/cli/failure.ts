/**
 * Prints why a command could not do its work: plain words, `sluice: …`, on standard error.
 *
 * @param withStack adds where in the code it came from, for `--log-level debug`
 */
export function printFailure(thrown: unknown, withStack: boolean): void {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  process.stderr.write(`sluice: ${message}\n`)
  if (withStack && thrown instanceof Error) process.stderr.write(`${thrown.stack}\n${cause(thrown)}`)
}

function cause({ cause }: Error): string {
  return cause instanceof Error ? `caused by ${cause.stack}\n` : ''
}

/** An error that is the user's to mend, in words that need nothing added. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/**
 * The error of a listening socket, in words.
 *
 * @returns `thrown` itself when it is another error
 */
export function listenFailure(thrown: unknown, host: string, port: number | string): unknown {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`
  switch (systemCode(thrown)) {
    case 'EADDRINUSE':
      return new CommandError(
        `cannot listen on ${where}: the port is in use, perhaps by another sluice; stop that program or choose another with --port`,
        { cause: thrown },
      )
    case 'EACCES':
      return new CommandError(`cannot listen on ${where}: not allowed; choose a port above 1023 with --port`, {
        cause: thrown,
      })
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new CommandError(
        `cannot listen on ${where}: this machine has no such address; choose another with --host`,
        {
          cause: thrown,
        },
      )
    default:
      return thrown
  }
}

/** The system's word for an error (`EADDRINUSE`), found along its causes. */
export function systemCode(thrown: unknown): string | undefined {
  let error = thrown
  for (let depth = 0; depth < 5 && error instanceof Error; depth++) {
    const { code } = error as NodeJS.ErrnoException
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) return code
    error = error.cause
  }
  return undefined
}
