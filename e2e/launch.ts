/** The two ways the window comes up in tests, behind one fixture. Every request that leaves the machine fails the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Browser,
  test as base,
  chromium,
  type ElectronApplication,
  _electron as electron,
  expect,
  type Page,
} from '@playwright/test'

const root = new URL('..', import.meta.url).pathname
const SWIFTSHADER = [
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
]
const NO_SANDBOX = process.getuid?.() === 0 ? ['--no-sandbox'] : []
const DEBIAN = '/usr/bin/chromium'

export interface Launched {
  readonly kind: 'desktop' | 'browser'
  readonly page: Page
  /** Where projects are kept. */
  readonly data: string
  /** Another window of the same launch. */
  secondWindow(): Promise<Page>
  /** Of the window's content, pixels. */
  resize(width: number, height: number): Promise<void>
  enginePid(): Promise<number>
  /** Runs `work`, which makes the window save so many files, and gives what was written: file names and bytes. */
  saved(work: () => Promise<void>, count?: number): Promise<Map<string, Buffer>>
  /** Ends everything at once, as a power failure would. */
  kill(): Promise<void>
  close(): Promise<void>
}

export interface DesktopLaunched extends Launched {
  readonly app: ElectronApplication
}

interface BrowserLaunched extends Launched {
  readonly url: string
  readonly server: ChildProcess
}

const environment = (data: string) =>
  ({ ...process.env, HALFTURN_DATA: data, HALFTURN_PROVIDER: 'cpu', HALFTURN_LANGUAGE: 'en' }) as Record<string, string>

/** Requests outside loopback and the app's own scheme. */
export const strays: string[] = []

function watch(page: Page): Page {
  page.on('request', (request) => {
    const url = new URL(request.url())
    const isLocal = ['blob:', 'halfturn:', 'devtools:', 'data:'].includes(url.protocol) || url.hostname === '127.0.0.1'
    if (!isLocal) strays.push(request.url())
  })
  page.on('pageerror', (error) => {
    throw error
  })
  return page
}

export async function launchDesktop(data: string): Promise<DesktopLaunched> {
  const app = await electron.launch({
    args: [...NO_SANDBOX, ...SWIFTSHADER, root],
    env: environment(data),
    cwd: root,
    timeout: 0,
  })
  app.context().setDefaultTimeout(0)
  const page = watch(await app.firstWindow())
  const pids = () =>
    app.evaluate(({ app }) => app.getAppMetrics().map(({ pid, name, serviceName }) => ({ pid, name, serviceName })))
  return {
    kind: 'desktop',
    app,
    page,
    data,
    secondWindow: async () => {
      const next = app.waitForEvent('window')
      await app.evaluate(({ Menu }) => {
        const file = Menu.getApplicationMenu()?.items.find(({ label }) => label === '&File')
        file?.submenu?.items[0].click()
      })
      return watch(await next)
    },
    resize: async (width, height) => {
      await app.evaluate(
        ({ BrowserWindow }, [width, height]) => BrowserWindow.getAllWindows()[0].setContentSize(width, height),
        [width, height],
      )
      await page.waitForFunction((width) => window.innerWidth === width, width)
    },
    enginePid: async () => (await pids()).find(({ name }) => name === 'Halfturn engine')!.pid,
    saved: async (work) => {
      const folder = await mkdtemp(join(tmpdir(), 'halfturn-saved-'))
      await app.evaluate(({ dialog }, folder) => {
        dialog.showSaveDialog = (async (...args: unknown[]) => {
          const { defaultPath } = args.at(-1) as { defaultPath: string }
          return { canceled: false, filePath: `${folder}/${defaultPath}` }
        }) as typeof dialog.showSaveDialog
      }, folder)
      await work()
      await page.locator('.message', { hasText: 'Saved' }).waitFor()
      const { readdir } = await import('node:fs/promises')
      const files = new Map<string, Buffer>()
      for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)))
      await rm(folder, { recursive: true })
      return files
    },
    kill: async () => {
      const all = await pids()
      const main = app.process().pid!
      const closed = app.waitForEvent('close')
      for (const { pid } of [{ pid: main }, ...all]) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It went with another.
        }
      }
      await closed
    },
    close: () => app.close(),
  }
}

let browser: Browser | undefined

export async function launchBrowser(data: string): Promise<BrowserLaunched> {
  const server = spawn(process.execPath, [join(root, 'out/main/serve.js'), '--no-open'], {
    env: environment(data),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (text) => {
      said += text
      const found = /http:\S+/.exec(said)
      if (found) resolve(found[0])
    })
    server.on('exit', (code) => reject(new Error(`serve ended with ${code}`)))
  })
  browser ??= await chromium.launch({
    ...(existsSync(DEBIAN) && { executablePath: DEBIAN }),
    args: [...NO_SANDBOX, ...SWIFTSHADER, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
    timeout: 0,
  })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true })
  context.setDefaultTimeout(0)
  const open = async () => {
    const page = watch(await context.newPage())
    await page.goto(url)
    return page
  }
  const page = await open()
  const children = async () => {
    const text = await readFile(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
    return text.trim().split(' ').map(Number)
  }
  return {
    kind: 'browser',
    url,
    server,
    page,
    data,
    secondWindow: open,
    resize: (width, height) => page.setViewportSize({ width, height }),
    enginePid: async () => (await children())[0],
    saved: async (work, count = 1) => {
      const downloads: Promise<[string, Buffer]>[] = []
      const onDownload = (download: import('@playwright/test').Download) => {
        downloads.push(download.path().then(async (path) => [download.suggestedFilename(), await readFile(path)]))
      }
      page.on('download', onDownload)
      await work()
      await page.locator('.message', { hasText: 'Saved' }).waitFor()
      await expect.poll(() => downloads.length).toBeGreaterThanOrEqual(count)
      page.off('download', onDownload)
      return new Map(await Promise.all(downloads))
    },
    kill: async () => {
      const all = [server.pid!, ...(await children())]
      for (const pid of all) process.kill(pid, 'SIGKILL')
      await context.close()
    },
    close: async () => {
      await context.close()
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGTERM')
      await ended
    },
  }
}

export const launch = (project: string, data: string): Promise<Launched> =>
  project === 'desktop' ? launchDesktop(data) : launchBrowser(data)

/** A fresh launch with an empty data folder. */
export const test = base.extend<{ data: string; halfturn: Launched }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright wants the pattern
  data: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'halfturn-e2e-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  halfturn: async ({ data }, use, { project }) => {
    const launched = await launch(project.name, data)
    await launched.page.getByText('Runs on').waitFor()
    await use(launched)
    await launched.close().catch(() => {})
    const found = strays.splice(0)
    if (found.length > 0) throw new Error(`requests left the machine: ${found.join(', ')}`)
  },
})

/** Has a head formed fast, in few steps or many. */
export async function form(page: Page, steps: number): Promise<void> {
  await page.getByRole('radio', { name: 'Fast' }).check()
  const field = page.getByRole('spinbutton', { name: 'Steps' })
  await field.fill(String(steps))
  await field.press('Enter')
  await page.getByRole('button', { name: 'Form the head', exact: true }).click()
}

/** Keeps a picture of a state, to be looked at. */
export async function picture({ page, kind }: Pick<Launched, 'page' | 'kind'>, name: string): Promise<void> {
  await page.screenshot({ path: join(root, 'out', 'states', kind, `${name}.png`) })
}
