/** What is wrong with a file of state, in words, and whether it may pass by itself. */
export interface Trouble {
  /** Another writer, a full disk: the same may succeed in a while. */
  passing: boolean
  /** Another process is writing: nobody needs to be told of that, unless it lasts. */
  busy: boolean
  /** What was found, and what to do. */
  words: string
}

const elsewhere = 'or set another folder as `[storage] path` or with --state'

/** Result codes of SQLite, see https://sqlite.org/rescode.html. */
const known: Record<number, Omit<Trouble, 'busy'>> = {
  5: { passing: true, words: `another program holds it; stop that, ${elsewhere}` },
  6: { passing: true, words: `another program holds it; stop that, ${elsewhere}` },
  8: { passing: false, words: `it can only be read; let sluice write it, ${elsewhere}` },
  10: { passing: true, words: `the disk fails; look after it, ${elsewhere}` },
  11: { passing: false, words: `it is damaged; move it away and start again, ${elsewhere}` },
  13: { passing: true, words: `the disk is full; make room, ${elsewhere}` },
  14: { passing: false, words: `it cannot be opened; let sluice read and write it, ${elsewhere}` },
  26: { passing: false, words: `it is no database; move it away and start again, ${elsewhere}` },
}

export function readTrouble(thrown: unknown): Trouble {
  const { errcode, code, message } = thrown as { errcode?: number; code?: string; message?: string }
  // The upper bits only say more about the lower eight.
  const primary = typeof errcode === 'number' ? errcode & 0xff : undefined
  const row = primary === undefined ? undefined : known[primary]
  if (row) return { ...row, busy: primary === 5 || primary === 6 }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return { passing: false, busy: false, words: `it may not be written (${code}); let sluice write it, ${elsewhere}` }
  }
  if (code === 'ENOTDIR' || code === 'EEXIST' || code === 'EISDIR') {
    return {
      passing: false,
      busy: false,
      words: `its path is not one of a file in a folder (${code}); mend that, ${elsewhere}`,
    }
  }
  if (code === 'ENOSPC' || code === 'EMFILE' || code === 'ENFILE') {
    return { passing: true, busy: false, words: `the system has no room for it (${code}); make some, ${elsewhere}` }
  }
  return { passing: false, busy: false, words: `${message ?? String(thrown)}; mend that, ${elsewhere}` }
}
