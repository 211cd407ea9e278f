/** One suite, two launchers: the desktop app where an Electron program can be found, and the served window in Chromium. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'

const electron = [process.env.ELECTRON_OVERRIDE_DIST_PATH, 'node_modules/electron/dist'].some(
  (folder) => folder && ['electron', 'electron.exe', 'Electron.app'].some((name) => existsSync(join(folder, name))),
)
if (!electron) console.warn('No Electron program here: the suite runs in the browser alone.')

export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results',
  // The engine takes all cores there are.
  workers: 1,
  // How long a test takes says how busy the machine is. Only what never comes, or never ends, is waited for this long.
  timeout: 60 * 60_000,
  expect: { timeout: 10 * 60_000 },
  reporter: [['list']],
  reportSlowTests: { max: 10, threshold: 0 },
  // What is the same in both launchers is tried in one, so that the suite ends while somebody waits for it.
  projects: [
    ...(electron ? [{ name: 'desktop', grepInvert: /@browser/ }] : []),
    { name: 'browser', ...(electron && { grepInvert: /@desktop/ }) },
  ],
})
