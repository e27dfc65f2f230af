type Sqlite = typeof import('node:sqlite')

/**
 * SQLite, loaded when it is first wanted: a gateway that keeps nothing does without it. Some lines of Node call it
 * experimental on standard error, which tells a user nothing that could be acted upon.
 *
 * @throws Error where Node was built without it
 */
export function loadSqlite(): Sqlite {
  const { emitWarning } = process
  process.emitWarning = ((warning: string | Error, ...rest: []) => {
    if (!/SQLite is an experimental/i.test(String(warning))) emitWarning.call(process, warning, ...rest)
  }) as typeof emitWarning
  try {
    const sqlite = process.getBuiltinModule('node:sqlite')
    if (!sqlite) throw new Error('this Node was built without SQLite')
    return sqlite
  } finally {
    process.emitWarning = emitWarning
  }
}
