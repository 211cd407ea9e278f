/** The desktop shell: windows, menu, dialogs. It knows no picture and no head; those are the engine's and the window's. */
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, normalize, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  app,
  BrowserWindow,
  type IpcMainEvent,
  type IpcMainInvokeEvent,
  ipcMain,
  Menu,
  type MenuItemConstructorOptions,
  nativeTheme,
  protocol,
  session,
  shell,
} from 'electron'
import { message } from '../engine/errors.ts'
import { contentSecurityPolicy, WINDOW_TYPES } from '../policy.ts'
import { adopt, dataFolder, homeFolder } from '../session/folders.ts'
import { type Language, languageOf, languages } from '../words/languages.ts'
import type { Words } from '../words/message.ts'
import { words } from '../words/terminal.ts'
import { type Chosen, channels, chooseRequest, filesRequest, type MenuCommand, saveRequest } from './channels.ts'
import { EngineHost } from './engine-host.ts'
import { FilesOut } from './files-out.ts'
import { moveData } from './move-data.ts'
import { guardContents, guardSession, isOutside, isOwn, ORIGIN, SCHEME, webPreferences } from './security.ts'

const here = dirname(fileURLToPath(import.meta.url))
const WINDOW_FILES = join(here, '..', 'renderer')

app.setName('Halfturn')
// Window and menu follow the system's language, or this, until one is chosen.
if (process.env.HALFTURN_LANGUAGE) app.commandLine.appendSwitch('lang', process.env.HALFTURN_LANGUAGE)
// Where the command line and the served window look as well. A folder that was asked for takes nothing over.
try {
  if (!process.env.HALFTURN_DATA) adopt(app.getPath('userData'), homeFolder())
} catch (error) {
  console.error(words.start.notAdopted(app.getPath('userData'), String(error)))
}
app.setPath('userData', homeFolder())
// With the sandbox switched off from outside (as root in a container there is none), asking for it ends every window.
if (!app.commandLine.hasSwitch('no-sandbox')) app.enableSandbox()
protocol.registerSchemesAsPrivileged([
  { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true } },
])

let engine: EngineHost | undefined
const files = new FilesOut((blob, path) => engine?.write(blob, path) ?? Promise.resolve(message('engine-absent')))

if (!app.requestSingleInstanceLock()) app.quit()
else {
  app.on('second-instance', () => createWindow())
  app.on('web-contents-created', (_, contents) => guardContents(contents, openOutside))
  app.on('activate', () => {
    if (BrowserWindow.getAllWindows().length === 0) createWindow()
  })
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  app.on('before-quit', (event) => {
    if (!engine) return
    event.preventDefault()
    const closing = engine
    engine = undefined
    files.close()
    closing.close().finally(() => app.quit())
  })
  // A top-level await of this deadlocks in an ES module.
  app.whenReady().then(start)
}

function start(): void {
  guardSession(session.defaultSession)
  session.defaultSession.protocol.handle(SCHEME, serveFile)
  const program = (name: string) => join(here, `${name}.js`)
  engine = new EngineHost(program('engine-process'), program('probe'), program('decode-process'), dataFolder().folder)
  showMenu(languageOf(app.getLocale()))

  listen(channels.connect, ({ sender }) => engine?.connect(sender))
  handle(channels.choose, ({ sender }, value): Promise<Chosen | undefined> => {
    const { name, extension } = chooseRequest.parse(value)
    return files.choose(BrowserWindow.fromWebContents(sender), name, extension)
  })
  handle(channels.save, (_, value) => files.save(saveRequest.parse(value)))
  handle(channels.place, (_, value) => files.place(filesRequest.parse(value)))
  listen(channels.reveal, (_, value) => files.reveal(Number(value)))
  listen(channels.drag, ({ sender }, value) => files.drag(sender, Number(value)))
  listen(channels.folder, () => engine && shell.openPath(engine.folder))
  handle(channels.move, ({ sender }) => engine && moveData(engine, BrowserWindow.fromWebContents(sender)))
  // The menu speaks the language that was chosen in the window.
  listen(channels.language, (_, value) => showMenu(languageOf(String(value))))
  listen(channels.reload, ({ sender }) => sender.reload())
  handle(channels.openExternal, (_, url) => openOutside(String(url)))
  createWindow()
}

function createWindow(): void {
  const window = new BrowserWindow({
    width: 1280,
    height: 820,
    minWidth: 900,
    minHeight: 600,
    show: false,
    title: 'Halfturn',
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#17181a' : '#f7f6f3',
    webPreferences: { ...webPreferences, preload: join(here, '..', 'preload', 'preload.cjs') },
  })
  window.once('ready-to-show', () => window.show())
  window.loadURL(`${ORIGIN}/index.html`)
}

/** The window's files under its own scheme; nothing else of the disk can be reached by it. */
async function serveFile({ url, method }: Request): Promise<Response> {
  // Escapes are left as they are: no name of the window’s files needs one.
  const path = normalize(join(WINDOW_FILES, new URL(url).pathname))
  const type = WINDOW_TYPES[extname(path)]
  if (!isOwn(url) || method !== 'GET' || !path.startsWith(WINDOW_FILES + sep) || !type) {
    return new Response(null, { status: 404 })
  }
  const bytes = await readFile(path).catch(() => undefined)
  if (!bytes) return new Response(null, { status: 404 })
  return new Response(new Uint8Array(bytes), {
    headers: {
      'Content-Type': type,
      'Content-Security-Policy': contentSecurityPolicy(),
      'X-Content-Type-Options': 'nosniff',
    },
  })
}

/** Messages count only when they come from the main frame of the window's own page. */
const trusted = ({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent) =>
  senderFrame !== null && senderFrame.parent === null && isOwn(senderFrame.url)

function listen(channel: string, work: (event: IpcMainEvent, value: unknown) => void): void {
  ipcMain.on(channel, (event, value) => {
    if (trusted(event)) work(event, value)
  })
}

function handle(channel: string, work: (event: IpcMainInvokeEvent, value: unknown) => unknown): void {
  ipcMain.handle(channel, (event, value) => {
    if (!trusted(event)) throw new Error('This message is not from the window.')
    return work(event, value)
  })
}

function openOutside(url: string): void {
  if (isOutside(url)) shell.openExternal(url)
}

function showMenu(language: Language): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menu(languages[language].menu)))
}

/** Electron's own names of what the roles do are English everywhere. */
function menu(text: Words['menu']): MenuItemConstructorOptions[] {
  const command = (label: string, name: MenuCommand, accelerator: string): MenuItemConstructorOptions => ({
    label,
    accelerator,
    click: (_, window) => (window as BrowserWindow | undefined)?.webContents.send(channels.command, name),
  })
  const isMac = process.platform === 'darwin'
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: text.file,
      submenu: [
        { label: text.newWindow, accelerator: 'CmdOrCtrl+Shift+N', click: createWindow },
        command(text.newHead, 'new', 'CmdOrCtrl+N'),
        command(text.open, 'open', 'CmdOrCtrl+O'),
        command(text.saveProject, 'save', 'CmdOrCtrl+S'),
        { type: 'separator' },
        command(text.preferences, 'preferences', 'CmdOrCtrl+,'),
        { type: 'separator' },
        isMac ? { role: 'close', label: text.close } : { role: 'quit', label: text.quit },
      ],
    },
    // Undo and redo are the window's: they take back corrections of the pose, not only typing.
    {
      label: text.edit,
      submenu: [
        command(text.undo, 'undo', 'CmdOrCtrl+Z'),
        command(text.redo, 'redo', 'CmdOrCtrl+Shift+Z'),
        { type: 'separator' },
        { role: 'cut', label: text.cut },
        { role: 'copy', label: text.copy },
        { role: 'paste', label: text.paste },
        { role: 'selectAll', label: text.selectAll },
      ],
    },
    {
      label: text.view,
      submenu: [
        { role: 'reload', label: text.reload },
        { role: 'resetZoom', label: text.resetZoom },
        { role: 'zoomIn', label: text.zoomIn },
        { role: 'zoomOut', label: text.zoomOut },
        { role: 'togglefullscreen', label: text.fullScreen },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools', label: text.developerTools } as const]),
      ],
    },
    {
      role: 'window',
      label: text.window,
      submenu: [
        { role: 'minimize', label: text.minimize },
        { role: 'close', label: text.close },
      ],
    },
    { label: text.help, submenu: [command(text.log, 'log', 'F12')] },
  ]
}
