import { globSync } from 'node:fs'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { browserFiles } from './test/browser-files.ts'
import { findChromium } from './test/chromium.ts'

const chromium = findChromium()
if (!chromium) {
  const words = 'no Chromium found: the tests of the engine run in Node only; install it, or set CHROMIUM_PATH'
  if (process.env.SLUICE_TEST_REQUIRE === 'all') throw new Error(words)
  console.warn(`skipped: ${words}`)
}

const node = {
  extends: true as const,
  test: { name: 'node', include: ['test/**/*.test.ts'] },
}

const { tests, packages } = browserFiles(globSync('test/**/*.test.ts', { cwd: import.meta.dirname }))

/** What the other client of providers must do as well; `node` tests the usual one. */
const undici = {
  extends: true as const,
  test: {
    name: 'undici',
    include: [
      'test/transport/{every-client,decompress,proxy}.test.ts',
      'test/faults/{faults,hostile-upstreams,pressure,timing,wire}.test.ts',
      'test/journeys/{aborts,endings,text,untouched}.test.ts',
    ],
    env: { SLUICE_TEST_TRANSPORT: 'undici' },
  },
}

const browser = {
  extends: true as const,
  // A package that is not named here is found in the middle of a run, and the page starts anew.
  optimizeDeps: { include: packages },
  test: {
    name: 'browser',
    include: tests,
    // Behind the others: a browser that starts would slow down those that look at the order of things.
    sequence: { groupOrder: 1 },
    // One page for all files: with a page for each, loading the modules again took longer than the tests.
    isolate: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      instances: [{ browser: 'chromium' as const }],
      provider: playwright({
        launchOptions: {
          executablePath: chromium,
          // No sandbox, since CI runs as root; the rest keeps the browser from calling anybody.
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
          ],
        },
      }),
    },
  },
}

export default defineConfig({
  ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
  resolve: { conditions: ['source'] },
  test: {
    projects: chromium ? [node, undici, browser] : [node, undici],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // Node cannot run the TypeScript that one of their dependencies offers under the condition above.
    server: { deps: { inline: [/\/node_modules\/(ai|@ai-sdk|eventsource-parser)\//] } },
    // Two workers: the suites open real servers on loopback and some of them measure order, not speed.
    maxWorkers: 2,
  },
})
