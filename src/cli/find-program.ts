import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Agent } from './agents/index.ts'
import { CommandError } from './failure.ts'

/** The path of an agent's executable, found before anything is started for it. @throws CommandError */
export function findProgram(
  { name, title, install }: Agent,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const endings = process.platform === 'win32' ? ['.exe'] : ['']
  for (const folder of (env.PATH ?? env.Path ?? '').split(delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const path = join(folder, name + ending)
      if (canRun(path)) return path
    }
  }
  throw new CommandError(
    `cannot run ${title}: there is no program \`${name}\` on the PATH; install it with \`${install}\``,
  )
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
