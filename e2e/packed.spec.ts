/**
 * The packaged app: starts, and does one reconstruction. Its fuses keep a debugger out of the main process, so it is
 * driven through its window alone. Runs where HALFTURN_PACKED names the program.
 */
import { spawn } from 'node:child_process'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { chromium, expect } from '@playwright/test'
import { form, test } from './launch.ts'

const program = process.env.HALFTURN_PACKED

test('the packaged app starts as nothing but the app', async () => {
  test.skip(!program, 'HALFTURN_PACKED names no packaged app')
  const wire = (await getCurrentFuseWire(program!)) as unknown as Record<FuseV1Options, number>
  const { RunAsNode, EnableNodeOptionsEnvironmentVariable, EnableNodeCliInspectArguments } = FuseV1Options
  const { GrantFileProtocolExtraPrivileges, EnableEmbeddedAsarIntegrityValidation, OnlyLoadAppFromAsar } = FuseV1Options
  const off = [RunAsNode, EnableNodeOptionsEnvironmentVariable, EnableNodeCliInspectArguments]
  for (const fuse of [...off, GrantFileProtocolExtraPrivileges]) {
    expect(String.fromCharCode(wire[fuse]), FuseV1Options[fuse]).toBe('0')
  }
  for (const fuse of [EnableEmbeddedAsarIntegrityValidation, OnlyLoadAppFromAsar]) {
    expect(String.fromCharCode(wire[fuse]), FuseV1Options[fuse]).toBe('1')
  }
})

test('the packaged app makes a head', async ({ data }, info) => {
  test.skip(!program || info.project.name !== 'desktop', 'HALFTURN_PACKED names no packaged app')
  const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  // Without HALFTURN_PROVIDER: providers are tried as they are on a user's machine.
  const env = { ...process.env, HALFTURN_DATA: data }
  const app = spawn(program!, [...flags, '--remote-debugging-port=0'], { env, stdio: ['ignore', 'inherit', 'pipe'] })
  try {
    const endpoint = await new Promise<string>((resolve, reject) => {
      let said = ''
      app.stderr.on('data', (text) => {
        said += text
        const found = /DevTools listening on (ws:\S+)/.exec(said)
        if (found) resolve(found[1])
      })
      app.on('exit', (code) => reject(new Error(`it ended with ${code}: ${said}`)))
    })
    const browser = await chromium.connectOverCDP(endpoint)
    const context = browser.contexts()[0]
    context.setDefaultTimeout(0)
    const page = context.pages()[0] ?? (await context.waitForEvent('page'))
    await page.getByText('Runs on').waitFor()
    await page.getByRole('button', { name: 'Try the sample' }).click()
    await page.getByRole('button', { name: 'Continue' }).click()
    await form(page, 5)
    await expect(page.getByText('Show as')).toBeVisible()
    await page.screenshot({ path: info.outputPath('packed.png') })
    await browser.close()
  } finally {
    app.kill('SIGTERM')
    await new Promise((resolve) => app.once('exit', resolve))
  }
})
