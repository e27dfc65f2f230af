/** The oldest Node that sluice runs on; the same as `engines` in package.json. */
export const oldestNode = '22.19'

/**
 * What to say to somebody whose Node is too old, or nothing. This file and `main` are loaded before the check is
 * made, so that both keep to syntax that every Node with modules understands.
 *
 * @param version as `process.versions.node` gives it
 */
export function nodeComplaint(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor = 0, leastMinor = 0] = oldestNode.split('.').map(Number)
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return undefined
  return `sluice: cannot run on Node ${version}: it needs ${oldestNode} or newer; install one from https://nodejs.org`
}
