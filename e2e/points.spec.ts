/** What may be done with a head, one thing after another as a person would, in both launchers: on one that needs no photo. */
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { change } from './change.ts'
import { type DesktopLaunched, type Launched, picture, test } from './launch.ts'

const PRESETS = ['Left', 'Right', 'Top', 'Back', 'Front']

/** Plays a film to its end in the window. @returns how long it is, how wide, and whether the head turned in it */
function play(page: Page, film: Buffer, type: string): Promise<{ seconds: number; width: number; turned: boolean }> {
  return page.evaluate(
    async ({ bytes, type }) => {
      const video = document.createElement('video')
      video.muted = true
      video.playbackRate = 4
      video.src = URL.createObjectURL(new Blob([Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0))], { type }))
      const ended = new Promise((resolve, reject) => {
        video.onended = resolve
        video.onerror = () => reject(new Error(video.error?.message ?? 'it cannot be played'))
      })
      const pixels = () => {
        const context = new OffscreenCanvas(64, 64).getContext('2d')!
        context.drawImage(video, 0, 0, 64, 64)
        return context.getImageData(0, 0, 64, 64).data
      }
      await new Promise((resolve, reject) => {
        video.onloadeddata = resolve
        video.onerror = () => reject(new Error(video.error?.message ?? 'it cannot be opened'))
      })
      const first = pixels()
      // Half way round it is seen from behind.
      video.currentTime = video.duration / 2
      await new Promise((resolve) => {
        video.onseeked = resolve
      })
      const middle = pixels()
      await video.play()
      await ended
      const difference = first.reduce((sum, value, i) => sum + Math.abs(value - middle[i]), 0) / first.length
      return { seconds: video.duration, width: video.videoWidth, turned: difference > 2 }
    },
    { bytes: film.toString('base64'), type },
  )
}

async function look(halfturn: Launched): Promise<void> {
  const { page } = halfturn
  const turntable = page.getByRole('button', { name: 'Turntable', exact: true })
  if ((await turntable.getAttribute('aria-pressed')) !== 'true') await turntable.click()
  const frames = async () => Number(await page.locator('.stage').getAttribute('data-frames'))
  const before = await frames()
  await expect.poll(frames, 'it turns').toBeGreaterThan(before + 5)
  await expect(page.getByText('As a photo would show it; finer when it rests.')).toBeVisible()
  for (const preset of PRESETS) {
    const before = await frames()
    await page.getByRole('group', { name: 'Turn to' }).getByRole('button', { name: preset }).click()
    await expect.poll(frames, preset).toBeGreaterThan(before)
    await picture(halfturn, `30-from-${preset}`)
  }
}

async function changed(halfturn: Launched): Promise<void> {
  const { page } = halfturn
  await change(page)
  await picture(halfturn, '31-side-by-side')
  await page.getByRole('button', { name: 'Side by side' }).click()
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('slider', { name: 'Age' })).toHaveAttribute('aria-valuetext', '0.1 more')
  await page.getByRole('button', { name: 'As formed' }).click()
  await page.getByText('Change the head').click()
}

async function light(halfturn: Launched): Promise<void> {
  const { page } = halfturn
  await page.getByRole('combobox', { name: 'Detail' }).selectOption('96')
  await page.getByRole('radio', { name: 'Surface', exact: true }).check()
  await expect(page.locator('.stage-surface canvas')).toBeVisible()
  await picture(halfturn, '32-surface-at-once')
  await expect(page.locator('.stage')).toHaveAttribute('data-painted', 'true')
  await page.getByText('Background and light').click()
  await page.getByRole('combobox', { name: 'Background' }).selectOption('dark')
  for (const light of ['studio', 'side']) {
    await page.getByRole('combobox', { name: 'Light' }).selectOption(light)
    await picture(halfturn, `33-light-${light}`)
  }
}

async function films({ page, kind, saved }: Launched): Promise<void> {
  const save = async (film: string): Promise<Buffer> => {
    await page.getByRole('combobox', { name: 'Film' }).selectOption(film)
    const files = await saved(() => page.getByRole('button', { name: 'Save turntable…' }).click())
    await expect(page.locator('.message', { hasText: 'Saved' })).toBeHidden()
    return [...files.values()][0]
  }
  // Not every Chromium has an encoder for MP4, while the desktop app brings its own.
  const film = kind === 'desktop' ? 'mp4' : 'webm'
  expect(await play(page, await save(film), `video/${film}`)).toEqual({ seconds: 3, width: 512, turned: true })
  if (kind === 'browser') expect((await save('gif')).subarray(0, 6).toString()).toBe('GIF89a')
}

async function export3d(halfturn: Launched): Promise<void> {
  const { page } = halfturn
  await page.getByRole('radio', { name: 'STL', exact: true }).check()
  await page.getByText('More of this format').click()
  await page.getByRole('spinbutton', { name: 'Height, mm' }).fill('80')
  await page.getByRole('combobox', { name: 'Stands on' }).selectOption('stand')
  await page.getByRole('button', { name: 'How large?' }).click()
  await expect(page.locator('.file-facts')).toContainText('MB')
  await expect(page.locator('.made')).toHaveCount(halfturn.kind === 'desktop' ? 1 : 0)
  await picture(halfturn, '34-made')
}

/** Heads are copied to the folder that is chosen, and kept there from then on; the old one stays as it is. */
async function moveFolder({ app, page, data }: DesktopLaunched): Promise<void> {
  const other = await mkdtemp(join(tmpdir(), 'halfturn-other-'))
  try {
    const heads = (folder: string) => readdir(join(folder, 'projects'))
    const before = await heads(data)
    await app.evaluate(({ dialog }, other) => {
      dialog.showOpenDialog = (async () => ({ canceled: false, filePaths: [other] })) as typeof dialog.showOpenDialog
    }, other)
    await page.keyboard.press('Control+,')
    await page.getByRole('button', { name: 'Choose another…' }).click()
    await expect(page.locator('.path')).toHaveText(other)
    await expect(page.getByText(`Heads are kept in ${other} from now on.`)).toBeVisible()
    await picture({ page, kind: 'desktop' }, '35-data-folder')
    await page.keyboard.press('Escape')
    expect(await heads(other)).toEqual(before)
    expect(await heads(data)).toEqual(before)
    expect(existsSync(join(other, 'engine.lock'))).toBe(true)
    await expect(page.locator('.message.problem')).toHaveCount(0)
  } finally {
    await rm(other, { recursive: true, force: true })
  }
}

test('a head is looked at, changed, lit, filmed, exported and kept', async ({ halfturn }) => {
  const { page } = halfturn
  await page.getByRole('button', { name: 'Meet a made-up person' }).click()
  await expect(page.getByText('Show as')).toBeVisible()
  await expect(page.locator('.stage canvas')).toBeVisible()
  await look(halfturn)
  await changed(halfturn)
  await light(halfturn)
  await films(halfturn)
  await export3d(halfturn)

  process.kill(await halfturn.enginePid(), 'SIGKILL')
  await expect(page.getByRole('alert')).toContainText('Photos, settings and head were kept.')
  await picture(halfturn, '36-engine-ended')
  await page.getByRole('button', { name: 'Dismiss' }).click()
  if (halfturn.kind === 'desktop') await moveFolder(halfturn as DesktopLaunched)
})
