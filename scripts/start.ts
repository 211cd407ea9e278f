/**
 * Opens Halfturn: the desktop app where Electron's program is there, and otherwise the very same window in the browser.
 * Builds first where the sources are newer than what was built.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { words } from '../src-main/words/terminal.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const BUILT = join(root, 'out', 'main', 'main.js')

if (isStale()) {
  console.log(words.start.building)
  const builder = join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js')
  const { status } = spawnSync(process.execPath, [builder, 'build', '--logLevel', 'error'], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 1)
}

const electron = process.argv.includes('--browser') ? undefined : electronProgram()
console.log(electron ? words.start.desktop : words.start.browser)
// As root in a container there is no sandbox to be had; anywhere else it stays on.
const flags = process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []
const child = electron
  ? spawn(electron, [...flags, root], { stdio: 'inherit' })
  : spawn(
      process.execPath,
      [join(root, 'out', 'main', 'serve.js'), ...process.argv.slice(2).filter((a) => a !== '--browser')],
      {
        stdio: 'inherit',
      },
    )
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 0)))

/** Where Electron's program is, without the package fetching it when asked. */
function electronProgram(): string | undefined {
  const name =
    { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform as string] ?? 'electron'
  const folders = [process.env.ELECTRON_OVERRIDE_DIST_PATH]
  try {
    folders.push(join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'dist'))
  } catch {
    // Installed without development packages.
  }
  return folders.flatMap((folder) => (folder ? [join(folder, name)] : [])).find((path) => existsSync(path))
}

function isStale(): boolean {
  if (!existsSync(BUILT)) return true
  const built = statSync(BUILT).mtimeMs
  return ['src-main', 'src-renderer', 'electron.vite.config.ts', 'package.json'].some(
    (path) => newest(join(root, path)) > built,
  )
}

function newest(path: string): number {
  const { mtimeMs } = statSync(path)
  if (!statSync(path).isDirectory()) return mtimeMs
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), 0)
}
