/**
 * Ends a command that has done its work. Code that the configuration names may have left behind what would hold the
 * process for ever: a timer, a connection. Nothing is waited for where nothing does; a slow reader of what was printed
 * has a second.
 */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), 1000).unref()
}
