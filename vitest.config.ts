import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/bundle.setup.ts'],
    setupFiles: ['test/host-lock.setup.ts'],
    testTimeout: 30_000,
    // Two cores: labs and load generators must not starve each other.
    maxWorkers: 2,
  },
})
