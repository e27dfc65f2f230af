#!/usr/bin/env node
import { nodeComplaint } from './node-version.ts'

const complaint = nodeComplaint(process.versions.node)
if (complaint === undefined) {
  const { run } = await import('./program.ts')
  await run(process.argv)
} else {
  console.error(complaint)
  process.exitCode = 1
}
