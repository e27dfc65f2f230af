import { cycles } from './cycles.ts'
import { dialectParts } from './dialect-parts.ts'
import { entries } from './entries.ts'
import { errorDocs } from './error-docs.ts'
import { faces } from './faces.ts'
import { layers } from './layers.ts'
import { leftovers } from './leftovers.ts'
import { links } from './links.ts'
import { lockFile } from './lock-file.ts'
import { machineTraces } from './machine-traces.ts'
import { names } from './names.ts'
import type { Rule } from './rule.ts'
import { runtimes } from './runtimes.ts'
import { storageParts } from './storage-parts.ts'

/** Every house rule, in the order in which they are printed. */
export const rules: readonly Rule[] = [
  layers,
  cycles,
  faces,
  dialectParts,
  storageParts,
  runtimes,
  names,
  leftovers,
  entries,
  errorDocs,
  links,
  lockFile,
  machineTraces,
]
