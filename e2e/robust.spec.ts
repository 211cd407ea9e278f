/** What may go wrong on the way: a killed engine, a killed app, two windows at once, a window that must not freeze. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { samplePath } from '../testing/sample.ts'
import { form, launch, launchBrowser, picture, test } from './launch.ts'

const step = async (page: Page) => Number(/Step (\d+)/.exec(await page.locator('.facts').innerText())?.[1] ?? 0)

/** Waits until the job has been saved once more: what it has done by now will be there after a kill. */
async function savedAgain({ data }: { data: string }): Promise<void> {
  const checkpoints = async () => {
    const entries = await readdir(data, { recursive: true, withFileTypes: true })
    const files = entries.filter(({ name }) => name.startsWith('checkpoint'))
    const times = files.map(({ parentPath, name }) => stat(join(parentPath, name)).catch(() => undefined))
    return (await Promise.all(times)).map((found) => found?.mtimeMs).join()
  }
  const before = await checkpoints()
  await expect.poll(checkpoints).not.toBe(before)
}

async function beginForming(page: Page, steps: number): Promise<void> {
  await page.locator('#file-input').setInputFiles(samplePath)
  await page.getByRole('button', { name: 'Continue' }).click()
  await form(page, steps)
  await expect.poll(() => step(page)).toBeGreaterThan(1)
}

test('a killed engine comes back and goes on', { tag: '@desktop' }, async ({ halfturn }) => {
  const { page } = halfturn
  await beginForming(page, 500)
  await savedAgain(halfturn)
  const before = await halfturn.enginePid()
  // It stands there for half a second: looked for from before it comes.
  const restarting = page.locator('.banner', { hasText: 'started again' }).waitFor()
  process.kill(before, 'SIGKILL')
  await restarting
  await picture(halfturn, '12-restarting')
  await expect(page.locator('.banner')).toBeHidden()
  await expect(page.getByRole('alert')).toContainText(/kept as of step \d+ of 500/)
  expect(await halfturn.enginePid()).not.toBe(before)
  const resumed = await step(page)
  await expect.poll(() => step(page)).toBeGreaterThan(resumed)
  await page.getByRole('button', { name: 'Stop here' }).click()
  await expect(page.getByText('Show as')).toBeVisible()
})

test('a killed app goes on where it was', { tag: '@desktop' }, async ({ data }, { project }) => {
  const first = await launch(project.name, data)
  await first.page.getByText('Runs on').waitFor()
  await beginForming(first.page, 500)
  await savedAgain(first)
  await first.kill()
  const second = await launch(project.name, data)
  try {
    await expect(second.page.locator('.facts')).toBeVisible()
    const resumed = await step(second.page)
    expect(resumed).toBeGreaterThan(0)
    await expect.poll(() => step(second.page)).toBeGreaterThan(resumed)
  } finally {
    await second.close()
  }
})

test(
  'a second Halfturn on the same projects saves nothing and says so, until the first one is gone',
  { tag: '@desktop' },
  async ({ data }, { project }) => {
    const first = await launch(project.name, data)
    await first.page.getByRole('button', { name: 'Meet a made-up person' }).click()
    await expect(first.page.locator('.stage canvas')).toBeVisible()
    const name = await first.page.locator('.project-name').innerText()
    const second = await launchBrowser(data)
    try {
      const { page } = second
      await expect(page.locator('.banner')).toContainText('nothing is saved here')
      await expect(page.locator('.recent-name')).toHaveText([name])
      await picture(second, '18-second-halfturn')
      await page.getByRole('button', { name: `Remove ${name}` }).click()
      await expect(page.getByRole('alert')).toContainText('belongs to another Halfturn')
      await page.getByRole('button', { name: 'Meet a made-up person' }).click()
      await expect(page.locator('.stage canvas')).toBeVisible()
      await expect(page.locator('.banner')).toBeVisible()
      await first.kill()
      await expect(page.locator('.banner')).toBeHidden()
      await page.getByRole('button', { name: 'New head' }).click()
      await expect(page.locator('.recent-name')).toHaveCount(2)
      await picture(second, '19-taken-over')
    } finally {
      await second.close()
    }
  },
)

test('two windows work on two heads', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  const other = await halfturn.secondWindow()
  await other.getByText('Runs on').waitFor()
  await page.getByRole('button', { name: 'Try the sample' }).click()
  await other.getByRole('button', { name: 'Meet a made-up person' }).click()
  await expect(page.locator('.axes')).toBeVisible()
  await expect(other.locator('.stage canvas')).toBeVisible()
  await expect(page.locator('.project-name')).toHaveText('Sample portrait')
  await expect(other.locator('.project-name')).toHaveText(/Person \d+/)
})

test('the window stays responsive while the head forms', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  await beginForming(page, 500)
  const { frames, steps } = await page.evaluate(
    () =>
      new Promise<{ frames: number; steps: number }>((resolve) => {
        const step = () => Number(/\d+/.exec(document.querySelector('.facts')!.textContent!)![0])
        const first = step()
        let frames = 0
        const count = () => {
          frames++
          const steps = step() - first
          if (steps < 10) requestAnimationFrame(count)
          else resolve({ frames, steps })
        }
        requestAnimationFrame(count)
      }),
  )
  // However slow the machine: a step that the window had to wait for would leave it one frame.
  expect(frames).toBeGreaterThan(2 * steps)
  await page.getByRole('button', { name: 'About and log' }).click()
  await expect(page.locator('dialog pre')).toContainText('preview latency')
  await picture(halfturn, '16-log')
  await page.getByRole('button', { name: 'Close' }).click()
  await page.getByRole('button', { name: 'Stop here' }).click()
})

test('everything is reachable by keyboard, at 1024 x 640, in the dark', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  await halfturn.resize(1024, 640)
  await page.getByRole('button', { name: 'Dark appearance' }).click()
  await picture(halfturn, '13-dark-empty')
  await page.getByRole('button', { name: 'Try the sample' }).focus()
  await page.keyboard.press('Enter')
  await expect(page.locator('.axes')).toBeVisible()
  await picture(halfturn, '14-dark-photo')
  for (let i = 0; i < 40; i++) {
    if ((await page.evaluate(() => document.activeElement?.textContent)) === 'Continue') break
    await page.keyboard.press('Tab')
  }
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Form the head', exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'New head' }).click()
  await page.getByRole('button', { name: 'Meet a made-up person' }).click()
  const stage = page.locator('.stage')
  await expect(stage).toBeVisible()
  await stage.focus()
  const frames = Number(await stage.getAttribute('data-frames'))
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => Number(await stage.getAttribute('data-frames'))).toBeGreaterThan(frames)
  await picture(halfturn, '15-dark-look')
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  expect(overflow).toBeLessThanOrEqual(0)
})

test('a photo from the camera is taken like any other', { tag: '@browser' }, async ({ halfturn }) => {
  test.skip(halfturn.kind === 'desktop', 'only the browser is given a camera that shows a test picture')
  const { page } = halfturn
  await page.getByRole('button', { name: 'Use the camera' }).click()
  await expect
    .poll(() => page.locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth))
    .toBeGreaterThan(0)
  await picture(halfturn, '17-camera')
  await page.getByRole('button', { name: 'Take the photo' }).click()
  await expect(page.getByRole('alert')).toContainText('No face was found')
})
