import { defineConfig } from 'vitest/config'
import { SlowestTests } from './scripts/slowest-tests.ts'

export default defineConfig({
  test: {
    include: [
      'src-main/**/*.test.ts',
      'testing/**/*.test.ts',
      'models/**/*.test.ts',
      'src-renderer/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
      'e2e/cli/**/*.test.ts',
    ],
    globalSetup: 'e2e/cli/build.ts',
    setupFiles: 'testing/equality.ts',
    reporters: [new SlowestTests(), 'default'],
    // The engine's native library does not like worker threads, and two cores are all a small machine has.
    pool: 'forks',
    maxWorkers: 2,
    // Each process loads the native libraries once for all its files, which leave nothing behind that another would meet.
    isolate: false,
    // How long a test takes says how busy the machine is, not whether the code is right: there is no limit.
    testTimeout: 0,
    hookTimeout: 0,
    // Only what never comes is waited for this long.
    expect: { poll: { timeout: 600_000 } },
  },
})
