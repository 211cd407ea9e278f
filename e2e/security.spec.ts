/** What a page that turned hostile could not do, tried from within the window. */
import { expect } from '@playwright/test'
import { type DesktopLaunched, strays, test } from './launch.ts'

test('the window reaches neither Node nor the network', async ({ halfturn }) => {
  const { page } = halfturn
  const found = await page.evaluate(async () => {
    const tried = async (work: () => unknown) => {
      try {
        await work()
        return 'done'
      } catch {
        return 'refused'
      }
    }
    return {
      globals: ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in window),
      fetch: await tried(() => fetch('https://example.com/')),
      socket: await tried(
        () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket('wss://example.com/')
            socket.onopen = resolve
            socket.onerror = reject
          }),
      ),
      image: await tried(
        () =>
          new Promise((resolve, reject) => {
            const image = new Image()
            image.onload = resolve
            image.onerror = reject
            image.src = 'https://example.com/x.png'
          }),
      ),
      location: await tried(
        () => new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(resolve, reject)),
      ),
      microphone: await tried(() => navigator.mediaDevices.getUserMedia({ audio: true })),
    }
  })
  strays.splice(0)
  expect(found).toMatchObject({
    globals: [],
    fetch: 'refused',
    socket: 'refused',
    image: 'refused',
    location: 'refused',
  })
  if (halfturn.kind === 'desktop') expect(found.microphone).toBe('refused')
})

test('the desktop window stays where it is, alone and isolated', async ({ halfturn }) => {
  test.skip(halfturn.kind === 'browser', 'a browser has its own rules for tabs')
  const { app, page } = halfturn as DesktopLaunched
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0].webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>
    }
    const { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity } = contents.getLastWebPreferences()
    return { contextIsolation, sandbox, nodeIntegration, webviewTag, webSecurity }
  })
  expect(preferences).toEqual({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webviewTag: false,
    webSecurity: true,
  })

  await app.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => void opened.push(url)
  })
  const before = page.url()
  await page.evaluate(() => {
    window.open('https://example.com/')
    window.open('file:///etc/passwd')
    window.location.href = 'https://example.com/'
  })
  // What is asked for later is answered later: by then the rest has been.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)))
  await page.evaluate(() => void window.open('https://example.com/last'))
  const opened = () => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened)
  await expect.poll(opened).toContain('https://example.com/last')
  strays.splice(0)
  expect(page.url()).toBe(before)
  expect(app.windows()).toHaveLength(1)
  expect(await opened()).toEqual(['https://example.com/', 'https://example.com/last'])
})

test('no page gets a web view to put another page into', async ({ halfturn }) => {
  test.skip(halfturn.kind === 'browser', 'a browser has no web views')
  const { app, page } = halfturn as DesktopLaunched
  const isElement = await page.evaluate(() => {
    const view = document.createElement('webview')
    view.setAttribute('src', 'halfturn://app/index.html')
    document.body.append(view)
    return 'getWebContentsId' in view
  })
  expect(isElement, 'the tag means something').toBe(false)

  // The second lock: a window that was made with the tag by mistake. With that lock taken off too, the view is there.
  const attached = await app.evaluate(async ({ BrowserWindow, webContents }) => {
    const attempt = async (isGuarded: boolean) => {
      const window = new BrowserWindow({ show: false, webPreferences: { webviewTag: true } })
      if (!isGuarded) window.webContents.removeAllListeners('will-attach-webview')
      // The guard hears of it first, and may refuse.
      const asked = new Promise<void>((resolve) => {
        window.webContents.on('will-attach-webview', (event) => {
          if (event.defaultPrevented) resolve()
          else window.webContents.once('did-attach-webview', () => resolve())
        })
      })
      await window.loadURL('halfturn://app/index.html')
      await window.webContents.executeJavaScript(`
        const view = document.createElement('webview')
        view.setAttribute('src', 'halfturn://app/icon.svg')
        document.body.append(view)
        undefined
      `)
      await asked
      const views = webContents.getAllWebContents().filter((contents) => contents.getType() === 'webview')
      window.destroy()
      return views.length
    }
    return { guarded: await attempt(true), unguarded: await attempt(false) }
  })
  expect(attached).toEqual({ guarded: 0, unguarded: 1 })
})

test('a message that does not fit is refused by the shell', async ({ halfturn }) => {
  test.skip(halfturn.kind === 'browser', 'there is no shell')
  const { page } = halfturn
  const answers = await page.evaluate(async () => {
    const shell = window.halfturn!
    const refused = (work: Promise<unknown>) =>
      work.then(
        (value) => value ?? 'nothing',
        () => 'refused',
      )
    const blob = 'a'.repeat(32)
    return [
      await refused(shell.save({ ticket: 1, files: [{ name: '../../evil', blob }] })),
      await refused(shell.save({ ticket: 99, files: [{ name: 'head.glb', blob }] })),
      await refused(shell.choose({ name: '/etc/passwd', extension: 'glb' })),
    ]
  })
  expect(answers).toEqual(['refused', { code: 'nothing-chosen', values: {} }, 'refused'])
})

test('a desktop window that turned hostile does not end the engine', async ({ halfturn }) => {
  test.skip(halfturn.kind === 'browser', 'there is no port; serve.test.ts tries the socket')
  const { app, page } = halfturn as DesktopLaunched
  const before = await halfturn.enginePid()
  await page.evaluate(async () => {
    const cyclic: unknown[] = []
    cyclic.push(cyclic)
    const call = (m: string) => ({ t: 'q', i: 'x', m, a: [] })
    const sent = [null, undefined, 1, [], cyclic, new Map(), call('valueOf'), call('__proto__'), call('$close')]
    for (const message of [...sent, ...Array(100).fill(undefined)]) {
      const port = await new Promise<MessagePort>((resolve) => {
        window.addEventListener('message', ({ ports }) => resolve(ports[0]), { once: true })
        window.halfturn!.connect()
      })
      port.postMessage(message)
    }
  })
  await app.evaluate(({ dialog }) => {
    const answer = { canceled: false, filePath: '/nowhere/head.glb' }
    dialog.showSaveDialog = (async () => answer) as unknown as typeof dialog.showSaveDialog
  })
  const failure = await page.evaluate(async () => {
    const { ticket } = (await window.halfturn!.choose({ name: 'head', extension: 'glb' }))!
    return window.halfturn!.save({ ticket, files: [{ name: 'head.glb', blob: 'a'.repeat(32) }] })
  })
  expect(failure).toEqual({ code: 'blob-gone', values: {} })
  await page.reload()
  await page.getByText('Runs on').waitFor()
  expect(await halfturn.enginePid()).toBe(before)
})
