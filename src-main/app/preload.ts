/** The only code of the shell inside the window: named functions over typed channels, and nothing else. */
import { contextBridge, ipcRenderer } from 'electron'
import type { Shell } from './channels.ts'

// The sandbox lets a preload require nothing of its own, and zod must not be bundled in: the names are repeated here
// and checked against channels.ts by their type.
const channels: typeof import('./channels.ts').channels = {
  connect: 'halfturn:connect',
  port: 'halfturn:port',
  down: 'halfturn:down',
  command: 'halfturn:command',
  language: 'halfturn:language',
  reload: 'halfturn:reload',
  choose: 'halfturn:choose',
  save: 'halfturn:save',
  place: 'halfturn:place',
  reveal: 'halfturn:reveal',
  drag: 'halfturn:drag',
  folder: 'halfturn:folder',
  move: 'halfturn:move',
  openExternal: 'halfturn:open-external',
}

// A port cannot cross the context bridge, but it can be handed on by postMessage within the page.
ipcRenderer.on(channels.port, ({ ports }) => window.postMessage(channels.port, window.location.origin, [...ports]))

const shell: Shell = {
  connect: () => ipcRenderer.send(channels.connect),
  onDown: (listener) => void ipcRenderer.on(channels.down, (_, down) => listener(down)),
  reload: () => ipcRenderer.send(channels.reload),
  speak: (language) => ipcRenderer.send(channels.language, language),
  onCommand: (listener) => void ipcRenderer.on(channels.command, (_, command) => listener(command)),
  choose: (request) => ipcRenderer.invoke(channels.choose, request),
  save: (request) => ipcRenderer.invoke(channels.save, request),
  place: (request) => ipcRenderer.invoke(channels.place, request),
  reveal: (ticket) => ipcRenderer.send(channels.reveal, ticket),
  drag: (ticket) => ipcRenderer.send(channels.drag, ticket),
  showFolder: () => ipcRenderer.send(channels.folder),
  moveFolder: () => ipcRenderer.invoke(channels.move),
  openExternal: (url) => ipcRenderer.invoke(channels.openExternal, url),
}
contextBridge.exposeInMainWorld('halfturn', shell)
