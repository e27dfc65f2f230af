/**
 * Prints `N passed, N failed` from a JSON report of vitest: `node scripts/test-count.ts report.json`. A test file that
 * could not be loaded has no tests in the report and counts as one failure. Ends with 1 when anything failed.
 */
import { readFile } from 'node:fs/promises'

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: Array<{ name: string; status: string; assertionResults: unknown[] }>
}

const path = process.argv[2] ?? ''
const report = await readFile(path, 'utf8').then(
  (text) => JSON.parse(text) as Report,
  () => undefined,
)
if (!report) {
  console.error(`cannot count the tests: there is no report at "${path}", so the test runner did not come to its end`)
  process.exit(1)
}
const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
const failed = report.numFailedTests + unloaded.length
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`)
console.log(`${report.numPassedTests} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
