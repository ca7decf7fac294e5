/**
 * Two groups: `quick` runs without processes; `process` starts real ones, with ports and timers, and comes after it.
 * These wait most of the time: two files of them run side by side, and no more, so that time limits in them mean
 * something on a small machine.
 */
import { fileURLToPath } from 'node:url'
import type { ViteUserConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url))

const PROCESS_TESTS = ['test/{e2e,examples,adapters,cli,scripts}/**/*.test.ts']

const config: ViteUserConfig = {
  root,
  resolve: {
    conditions: ['development', 'node', 'import', 'default'],
    alias: [
      { find: /^shoal\/job$/, replacement: source('job.ts') },
      { find: /^shoal\/testing$/, replacement: source('testing.ts') },
      { find: /^shoal$/, replacement: source('index.ts') },
    ],
  },
  ssr: { resolve: { conditions: ['development', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    execArgv: ['--conditions=development'],
    setupFiles: ['test/setup.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: true,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: { name: 'quick', include: ['test/**/*.test.ts'], exclude: PROCESS_TESTS, maxWorkers: 2 },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: PROCESS_TESTS,
          maxWorkers: 2,
          // Of tests that say that they may run beside each other: most wait for processes most of the time.
          maxConcurrency: 2,
          testTimeout: 120_000,
          // A mesh is started in hooks: longer than any wait in it.
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
}

export default config
