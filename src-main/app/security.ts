/** What the window may do, which is little. Pure where it can be, so that tests pin it. */
import type { Session, WebContents, WebPreferences } from 'electron'

export const SCHEME = 'halfturn'
export const ORIGIN = `${SCHEME}://app`

export const webPreferences: WebPreferences = {
  contextIsolation: true,
  sandbox: true,
  nodeIntegration: false,
  nodeIntegrationInWorker: false,
  nodeIntegrationInSubFrames: false,
  webSecurity: true,
  webviewTag: false,
  allowRunningInsecureContent: false,
  experimentalFeatures: false,
  enableBlinkFeatures: '',
  spellcheck: false,
}

/** Whether a page is the window's own. */
export function isOwn(url: string): boolean {
  try {
    const { protocol, host } = new URL(url)
    return protocol === `${SCHEME}:` && host === 'app'
  } catch {
    return false
  }
}

/** Whether the system's browser may be asked to open it. */
export function isOutside(url: string): boolean {
  try {
    return ['https:', 'http:'].includes(new URL(url).protocol)
  } catch {
    return false
  }
}

/** Whether the window may load it: its own files and what it made itself. Nothing leaves the machine. */
export function isLocal(url: string): boolean {
  return isOwn(url) || url.startsWith(`blob:${ORIGIN}/`) || url.startsWith('devtools://')
}

/** Only the camera, only for the window, only its picture. */
export function isPermitted(permission: string, requester: string, mediaTypes: readonly string[] | undefined): boolean {
  return permission === 'media' && isOwn(requester) && mediaTypes?.length === 1 && mediaTypes[0] === 'video'
}

export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const { mediaTypes } = details as { mediaTypes?: string[] }
    callback(isPermitted(permission, details.requestingUrl || contents.getURL(), mediaTypes))
  })
  session.setPermissionCheckHandler((_, permission, origin, { mediaType }) =>
    isPermitted(permission, `${origin}/`, mediaType ? [mediaType] : undefined),
  )
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, callback) => callback({ cancel: !isLocal(details.url) }))
}

/** @param open shows an outside link in the system's browser */
export function guardContents(contents: WebContents, open: (url: string) => void): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-frame-navigate', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isOutside(url)) open(url)
    return { action: 'deny' }
  })
}
