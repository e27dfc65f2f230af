import { faultOfGoogleCredentials, type ProviderOptions } from '../providers/index.ts'
import { findPackage } from '../transport/index.ts'
import { type Path, valueAt } from './path.ts'
import { shown, type Written } from './written.ts'

/**
 * Reports what a provider needs and does not find: its package, and the file of its credentials.
 *
 * @param path of its table
 */
export function checkElsewhere(options: Partial<ProviderOptions>, written: Written, path: Path): void {
  const { package: wanted, google_credentials: file } = options
  const { problems } = written
  if (wanted !== undefined && findPackage(wanted) === undefined) {
    const at = [...path, 'package']
    const todo = /^[./]/.test(wanted) ? 'write the path of a file that is there' : `run \`npm install ${wanted}\``
    problems.add(at, `found ${shown(written, at)}, which is not installed here; ${todo}`)
  }
  const fault = file === undefined ? undefined : faultOfGoogleCredentials(file)
  if (fault === undefined) return
  const at = [...path, 'google_credentials']
  if (valueAt(written.options, at) === undefined) {
    problems.addOutside('environment variable GOOGLE_APPLICATION_CREDENTIALS', fault)
  } else problems.add(at, `found ${shown(written, at)}: ${fault}`)
}
