import { defineConfig } from 'vitest/config'
import { WholeReporter } from './scripts/whole-reporter.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/postgres-setup.ts'],
    setupFiles: ['test/support/contract/setup.ts'],
    // processes, not threads: tests open SQLite files, start worker threads and servers, and must not share them
    pool: 'forks',
    maxWorkers: 2,
    // generous, for a slow machine: nothing waits that long when all is well
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 15_000,
    allowOnly: false,
    reporters: ['default', new WholeReporter()],
  },
})
