import { parse } from 'smol-toml'
import { SluiceError } from '../../errors/index.ts'
import { checkScriptFile } from './check.ts'
import { find, scriptNames } from './choose.ts'
import type { ScriptFile } from './script.ts'

/**
 * A script file out of its text: TOML when the name ends in `.toml`, else JSON. It holds `scripts`, by name, and
 * perhaps a `default`; or it is a single script, which then answers everything.
 *
 * @throws SluiceError `config_invalid`, naming the place inside the file
 */
export function readScriptFile(text: string, filename: string): ScriptFile {
  const file = checkScriptFile(parseText(text, filename), filename)
  if (typeof file.default === 'string' && find(file.default, file) === undefined) {
    const names = scriptNames(file).join(', ')
    throw new SluiceError(
      'config_invalid',
      `cannot read ${filename}: \`default\` names "${file.default}", and there is no such script; there are ${names}`,
      { param: 'default' },
    )
  }
  return file
}

function parseText(text: string, filename: string): unknown {
  const toml = filename.toLowerCase().endsWith('.toml')
  try {
    return toml ? parse(text) : JSON.parse(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new SluiceError('config_invalid', `cannot read ${filename}: it is not ${toml ? 'TOML' : 'JSON'}: ${reason}`, {
      cause: thrown,
    })
  }
}
