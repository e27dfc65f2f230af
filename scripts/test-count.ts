/**
 * Prints `N passed, N failed` from a JSON report of vitest: `node scripts/test-count.ts report.json`. A test file that
 * failed without a failed test in it (it could not be loaded, its set-up broke) counts as one failure. Ends with 1 when
 * anything failed or nothing ran.
 */
import { readFile } from 'node:fs/promises'

interface Report {
  success: boolean
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: Array<{ name: string; status: string; assertionResults: Array<{ status: string }> }>
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
const broken = report.testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
)
const failed = report.numFailedTests + broken.length
if (report.numPendingTests > 0) console.log(`${report.numPendingTests} skipped`)
console.log(`${report.numPassedTests} passed, ${failed} failed`)
process.exitCode = report.success && failed === 0 && report.numPassedTests > 0 ? 0 : 1
