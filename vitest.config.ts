import { defineConfig } from 'vitest/config'
import { SlowestTests } from './scripts/slowest-tests.ts'

/** Tests that put stand-ins in modules' places: no other file may have loaded those before. */
const STAND_INS = ['src-main/engine/files/file-set.test.ts', 'src-main/session/engine-child.test.ts']

const everywhere = {
  setupFiles: 'testing/equality.ts',
  // The engine's native library does not like worker threads.
  pool: 'forks',
  // How long a test takes says how busy the machine is, not whether the code is right: there is no limit.
  testTimeout: 0,
  hookTimeout: 0,
  // Only what never comes is waited for this long.
  expect: { poll: { timeout: 600_000 } },
} as const

export default defineConfig({
  test: {
    globalSetup: 'e2e/cli/build.ts',
    reporters: [new SlowestTests(), 'default'],
    // Two cores are all a small machine has.
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...everywhere,
          name: 'together',
          include: [
            'src-main/**/*.test.ts',
            'testing/**/*.test.ts',
            'models/**/*.test.ts',
            'src-renderer/**/*.test.ts',
            'scripts/**/*.test.ts',
            'bench/**/*.test.ts',
            'e2e/cli/**/*.test.ts',
            'e2e/opened/**/*.test.ts',
          ],
          exclude: STAND_INS,
          // Each process loads the native libraries once for all its files, which leave nothing behind that another would meet.
          isolate: false,
        },
      },
      { test: { ...everywhere, name: 'alone', include: STAND_INS } },
    ],
  },
})
