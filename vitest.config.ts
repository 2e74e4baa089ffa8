import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/bundle.setup.ts'],
    setupFiles: ['test/host-lock.setup.ts'],
    // Hangs end here; a machine that is ten times slower, or has ten times as much to do, must not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // One second by default.
    expect: { poll: { timeout: 60_000 } },
    // Two cores: labs and load generators must not starve each other.
    maxWorkers: 2,
  },
})
