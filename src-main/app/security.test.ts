import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { contentSecurityPolicy } from '../policy.ts'
import { channels, chooseRequest, saveRequest } from './channels.ts'
import { isLocal, isOutside, isOwn, isPermitted, webPreferences } from './security.ts'

test('the window is isolated, sandboxed and without Node', () => {
  expect(webPreferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    webviewTag: false,
    allowRunningInsecureContent: false,
  })
})

test('the policy starts from nothing and opens no door to the outside', () => {
  const policy = contentSecurityPolicy()
  expect(policy.startsWith("default-src 'none'")).toBe(true)
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/)
})

test('only the window’s own page is its own', () => {
  expect(isOwn('halfturn://app/index.html')).toBe(true)
  for (const url of ['halfturn://evil/', 'https://app/', 'file:///app', 'halfturn://app.evil/', 'nonsense', '']) {
    expect(isOwn(url), url).toBe(false)
  }
})

test('nothing is loaded from elsewhere', () => {
  expect(isLocal('halfturn://app/icon.svg')).toBe(true)
  expect(isLocal('blob:halfturn://app/1234')).toBe(true)
  for (const url of ['https://example.com/', 'http://127.0.0.1/', 'file:///etc/passwd', 'blob:https://x/1', 'ws://x']) {
    expect(isLocal(url), url).toBe(false)
  }
})

test('only web pages are opened outside', () => {
  expect(isOutside('https://example.com')).toBe(true)
  for (const url of ['file:///etc/passwd', 'javascript:alert(1)', 'smb://x', 'mailto:a@b', 'halfturn://app/', '']) {
    expect(isOutside(url), url).toBe(false)
  }
})

test('the camera is the only permission, for the window alone', () => {
  const own = 'halfturn://app/index.html'
  expect(isPermitted('media', own, ['video'])).toBe(true)
  expect(isPermitted('media', own, ['video', 'audio'])).toBe(false)
  expect(isPermitted('media', own, ['audio'])).toBe(false)
  expect(isPermitted('media', own, undefined)).toBe(false)
  expect(isPermitted('media', 'https://evil.example/', ['video'])).toBe(false)
  for (const other of ['geolocation', 'notifications', 'clipboard-read', 'fileSystem', 'hid', 'openExternal']) {
    expect(isPermitted(other, own, ['video']), other).toBe(false)
  }
})

test('the window names files, never paths', () => {
  const blob = 'a'.repeat(32)
  expect(saveRequest.safeParse({ ticket: 1, files: [{ name: 'head.obj', blob }] }).success).toBe(true)
  for (const name of ['../head.obj', '/etc/passwd', 'a\\b', '..', '.', 'c:evil', '']) {
    expect(saveRequest.safeParse({ ticket: 1, files: [{ name, blob }] }).success, name).toBe(false)
    expect(chooseRequest.safeParse({ name, extension: 'obj' }).success, name).toBe(false)
  }
  expect(chooseRequest.safeParse({ name: 'head', extension: '../sh' }).success).toBe(false)
})

test('the preload exposes these channels and no more', () => {
  const source = readFileSync(new URL('preload.ts', import.meta.url), 'utf8')
  const named = [...source.matchAll(/'(halfturn:[a-z-]+)'/g)].map(([, name]) => name)
  expect(named.sort()).toEqual(Object.values(channels).sort())
  expect(source.match(/exposeInMainWorld/g)).toHaveLength(1)
})

test('the packaged program starts as nothing but the app', () => {
  const config = readFileSync(new URL('../../electron-builder.yml', import.meta.url), 'utf8')
  const [, block] = /^electronFuses:\n((?: {2}.*\n)+)/m.exec(config) ?? []
  const fuses = Object.fromEntries([...block.matchAll(/^ {2}(\w+): (\w+)$/gm)].map(([, name, value]) => [name, value]))
  // All there are: one that is left out keeps Electron's own value, which may change. packed.spec.ts looks at the program.
  expect(fuses).toEqual({
    runAsNode: 'false',
    enableCookieEncryption: 'true',
    enableNodeOptionsEnvironmentVariable: 'false',
    enableNodeCliInspectArguments: 'false',
    enableEmbeddedAsarIntegrityValidation: 'true',
    onlyLoadAppFromAsar: 'true',
    loadBrowserProcessSpecificV8Snapshot: 'false',
    grantFileProtocolExtraPrivileges: 'false',
  })
})
