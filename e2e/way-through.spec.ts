/** A person's whole way: photo, correction, forming, looking, saving, coming back. Real engine, few steps. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { NodeIO } from '@gltf-transform/core'
import { expect, type Page } from '@playwright/test'
import { unzipSync } from 'fflate'
import type { Sharp } from 'sharp'
import { samplePath } from '../testing/sample.ts'
import { correct } from './correct.ts'
import { type DesktopLaunched, form, picture, test } from './launch.ts'

const { validateBytes } = createRequire(import.meta.url)('gltf-validator') as {
  validateBytes(bytes: Uint8Array): Promise<{ issues: { numErrors: number } }>
}

async function drop(page: Page, path: string): Promise<void> {
  await page.locator('#file-input').setInputFiles(path)
}

const shown = (page: Page) => page.locator('.stage canvas')

async function done(page: Page): Promise<void> {
  await expect(page.getByText('Show as')).toBeVisible()
  await expect(shown(page)).toBeVisible()
}

/** A model that was made is dragged to another program before it is saved, and what is saved is shown in its folder. */
async function leave({ app, page }: DesktopLaunched): Promise<void> {
  await app.evaluate(({ BrowserWindow, shell }) => {
    const left: string[] = []
    Object.assign(globalThis, { left })
    shell.showItemInFolder = (path) => left.push(path)
    const { webContents } = BrowserWindow.getAllWindows()[0]
    webContents.startDrag = ({ file, icon }) => left.push(typeof icon === 'string' || icon.isEmpty() ? 'no icon' : file)
  })
  await page.getByRole('radio', { name: 'STL', exact: true }).check()
  await page.getByRole('button', { name: 'How large?' }).click()
  await page.locator('.made').dispatchEvent('dragstart')
  await page.getByRole('button', { name: 'Show in folder' }).click()
  const left = () => app.evaluate(() => (globalThis as unknown as { left: string[] }).left)
  await expect
    .poll(async () => (await left()).map((path) => path.split('/').at(-1)))
    .toEqual(['sample-portrait.stl', 'sample-portrait.ply'])
  const [dragged] = await left()
  expect((await readFile(dragged)).length).toBeGreaterThan(10_000)
}

test('photo to head and back again', { tag: '@desktop' }, async ({ halfturn }) => {
  const { page } = halfturn
  await picture(halfturn, '1-empty')
  await drop(page, samplePath)
  await expect(page.locator('.axes')).toBeVisible()
  await page.getByText('Correct by hand').click()
  await correct(page)
  await picture(halfturn, '2-photo')
  // A photo from the other side may come later, and go again.
  const { default: sharp } = await import('sharp')
  const mirrored = { name: 'mirrored.jpg', mimeType: 'image/jpeg', buffer: await sharp(samplePath).flop().toBuffer() }
  await page.locator('#photo-input').setInputFiles(mirrored)
  await expect(page.getByRole('button', { name: 'Photo 2:' })).toHaveAttribute('aria-pressed', 'true')
  await picture(halfturn, '2-two-photos')
  await page.getByRole('button', { name: 'Remove this photo' }).click()
  await expect(page.locator('.photo-strip img')).toHaveCount(0)
  await page.getByRole('button', { name: 'Continue' }).click()
  await picture(halfturn, '3-form')

  await form(page, 8)
  await expect(page.locator('.compare')).toBeVisible()
  await expect(page.locator('.facts')).toContainText('left')
  await page.getByRole('button', { name: 'Pause' }).click()
  await expect(page.getByText('Paused')).toBeVisible()
  await picture(halfturn, '4-paused')
  await page.getByRole('button', { name: 'Go on' }).click()
  await done(page)
  const turntable = page.getByRole('button', { name: 'Turntable', exact: true })
  // It turns once, from the photo's view, until somebody asks for another.
  await expect(turntable).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('button', { name: 'Front' }).click()
  await expect(turntable).toHaveAttribute('aria-pressed', 'false')
  await picture(halfturn, '5-volume')

  await page.getByRole('radio', { name: 'Depth' }).check()
  await expect(page.locator('.stage')).toHaveAttribute('data-mode', 'depth')
  await picture(halfturn, '6-depth')
  // What is shown is what will be saved: it is made once.
  await page.getByRole('combobox', { name: 'Detail' }).selectOption('96')
  await page.getByRole('radio', { name: 'Surface', exact: true }).check()
  await expect(page.locator('.stage-surface canvas')).toBeVisible()
  await picture(halfturn, '7-surface-at-once')
  await expect(page.getByRole('progressbar', { name: 'Making the surface' })).toBeHidden()
  await expect(page.locator('.stage')).toHaveAttribute('data-painted', 'true')
  for (const style of ['Clay', 'Wireframe', 'Evidence', 'Colour']) {
    await page.getByRole('radio', { name: style }).check()
    await expect(page.getByRole('img', { name: 'blue is invented' })).toBeVisible({ visible: style === 'Evidence' })
    await picture(halfturn, `7-surface-${style}`)
  }
  // After eight steps it is hardly anybody yet, and the window says so.
  const verdict = page.locator('.verdict')
  await expect(verdict).toContainText(/Not usable yet|Shape uncertain/)
  await expect(verdict).toContainText('Try more steps')
  await page.getByRole('radio', { name: 'Head', exact: true }).check()
  await expect(page.locator('.stage')).toHaveAttribute('data-refined', 'true')
  await picture(halfturn, '8-refined')

  const save = async (what: string, count = 1) => {
    const files = await halfturn.saved(() => page.getByRole('button', { name: `Save ${what}…` }).click(), count)
    await expect(page.locator('.message', { hasText: 'Saved' })).toBeHidden()
    return files
  }
  const saveModel = async (format: string, count = 1) => {
    await page.getByRole('radio', { name: format, exact: true }).check()
    return save(format, count)
  }
  const glb = await saveModel('GLB')
  const model = new Uint8Array(glb.get('sample-portrait.glb')!)
  expect((await validateBytes(model)).issues.numErrors).toBe(0)
  const root = (await new NodeIO().readBinary(model)).getRoot()
  expect(root.listMeshes()[0].listPrimitives()[0].listSemantics()).toContain('_EVIDENCE')
  expect(root.getAsset().extras).toMatchObject({ quality: { verdict: expect.stringMatching('failed|uncertain') } })
  const obj = await saveModel('OBJ', 3)
  expect([...obj.keys()].sort()).toEqual(['sample-portrait.mtl', 'sample-portrait.obj', 'sample-portrait.png'])
  expect(obj.get('sample-portrait.obj')!.toString()).toContain('mtllib sample-portrait.mtl')
  expect((await saveModel('PLY')).get('sample-portrait.ply')!.toString('latin1')).toMatch(/^ply\n/)
  await leave(halfturn as DesktopLaunched)
  const stl = (await saveModel('STL')).get('sample-portrait.stl')!
  await expect(page.locator('.file-facts')).toContainText(`${(stl.length / 1e6).toFixed(1)} MB`)
  await page.getByText('Background and light').click()
  await page.getByRole('combobox', { name: 'Background' }).selectOption('clear')
  const png = (await save('picture')).get('sample-portrait.png')!
  expect(await sharp(png).metadata()).toMatchObject({ width: 1024, height: 1024, hasAlpha: true })
  expect((await sharp(png).stats()).isOpaque).toBe(false)
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  expect(png.includes('Generated by Halfturn')).toBe(true)
  const project = (await save('project')).get('sample-portrait.halfturn')!
  expect(project.length).toBeLessThan(8e6)
  expect(Object.keys(unzipSync(project)).sort()).toEqual(['head', 'photo', 'project.json'])

  // It comes back from the recent ones and from the file.
  await page.getByRole('button', { name: 'New head' }).click()
  await picture(halfturn, '9-recent')
  await page.getByRole('button', { name: 'sample-portrait', exact: true }).click()
  await done(page)
  await page.getByRole('button', { name: 'New head' }).click()
  await page.locator('#file-input').setInputFiles({ name: 'mine.halfturn', mimeType: '', buffer: project })
  await done(page)
  // With the project came its verdict: it is not being made again.
  expect(await verdict.allInnerTexts()).toEqual([expect.stringContaining('Try more steps')])
})

test('several photos of a person make one head, and one can be added or removed', { tag: '@browser' }, async ({
  halfturn,
}) => {
  const { page } = halfturn
  const { default: sharp } = await import('sharp')
  const photo = async (name: string, image: Sharp) => ({
    name,
    mimeType: 'image/jpeg',
    buffer: await image.jpeg().toBuffer(),
  })
  const [front, mirrored, wall] = await Promise.all([
    photo('front.jpg', sharp(samplePath)),
    photo('mirrored.jpg', sharp(samplePath).flop()),
    photo('wall.jpg', sharp({ create: { width: 600, height: 600, channels: 3, background: '#8899aa' } })),
  ])
  const input = page.locator('#file-input')
  await input.setInputFiles([front, mirrored, wall])
  await expect(page.getByText('Do they show one person, or several?')).toBeVisible()
  await picture(halfturn, '21-one-or-several')
  await page.getByRole('button', { name: 'One person' }).click()
  const chosen = (number: number) => page.getByRole('button', { name: `Photo ${number}:` })
  await expect(page.getByRole('alert')).toContainText('wall.jpg')
  await expect(page.getByRole('alert')).toContainText('No face was found')
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await expect(page.locator('.photo-strip img')).toHaveCount(2)
  await expect(page.locator('.photo-strip .first')).toHaveCount(1)

  // Each is put right by itself, and undone where it was done.
  await chosen(2).click()
  await page.getByText('Correct by hand').click()
  const yaw = page.getByRole('slider', { name: 'Turned' })
  const before = await yaw.inputValue()
  await yaw.press('ArrowRight')
  await expect(yaw).not.toHaveValue(before)
  await chosen(1).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(chosen(2)).toHaveAttribute('aria-pressed', 'true')
  await expect(yaw).toHaveValue(before)
  await picture(halfturn, '22-several')

  await page.getByRole('button', { name: 'Remove this photo' }).click()
  await expect(page.locator('.photo-strip img')).toHaveCount(0)
  await page.locator('#photo-input').setInputFiles(mirrored)
  await expect(chosen(2)).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('button', { name: 'Continue' }).click()
  await expect(page.getByText('One head is formed from 2 photos.')).toBeVisible()

  // Where a head is open, a photo may be another person's.
  await input.setInputFiles(front)
  await page.getByRole('button', { name: 'Somebody else' }).click()
  await expect(page.locator('.project-name')).toHaveText('front')
  await expect(page.locator('.photo-strip img')).toHaveCount(0)

  // Who goes on to something else while photos are opened is not called back to them.
  await input.setInputFiles([front, mirrored])
  await page.getByRole('button', { name: 'Several people' }).click()
  await page.getByRole('button', { name: 'New head' }).click()
  await expect(page.getByRole('button', { name: 'mirrored', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'front', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Try the sample' })).toBeVisible()
})

test('bad photos are refused in words', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  const refused = async (name: string, buffer: Buffer, words: RegExp) => {
    await page.locator('#file-input').setInputFiles({ name, mimeType: 'image/jpeg', buffer })
    await expect(page.getByRole('alert')).toContainText(words)
    await picture(halfturn, `10-refused-${name}`)
    await page.getByRole('button', { name: 'Dismiss' }).click()
  }
  const jpeg = await readFile(samplePath)
  await refused('empty.jpg', Buffer.alloc(0), /empty/)
  await refused('text.jpg', Buffer.from('no picture at all'), /not a JPEG, PNG/)
  await refused('cut.jpg', jpeg.subarray(0, jpeg.length >> 1), /damaged or cut off/)
  await refused('broken.halfturn', Buffer.from('PK no zip'), /not a Halfturn project/)
  const { default: sharp } = await import('sharp')
  const blank = await sharp({ create: { width: 600, height: 600, channels: 3, background: '#8899aa' } })
    .jpeg()
    .toBuffer()
  await refused('wall.jpg', blank, /No face was found/)
})

test('a photo of 4000 x 6000 pixels is framed', { tag: '@browser' }, async ({ halfturn }, info) => {
  const { page } = halfturn
  const { default: sharp } = await import('sharp')
  const large = info.outputPath('large.jpg')
  await sharp({ create: { width: 4000, height: 6000, channels: 3, background: '#556' } })
    .composite([{ input: await sharp(samplePath).resize({ width: 3600 }).toBuffer(), left: 200, top: 600 }])
    .jpeg()
    .toFile(large)
  await drop(page, large)
  await expect(page.locator('.axes')).toBeVisible()
})

test('another face can be chosen', { tag: '@browser' }, async ({ halfturn }) => {
  const { page } = halfturn
  const { default: sharp } = await import('sharp')
  const face = await sharp(samplePath)
    .extract({ left: 90, top: 0, width: 270, height: 270 })
    .resize(540, 540)
    .toBuffer()
  const buffer = await sharp({ create: { width: 1080, height: 540, channels: 3, background: '#556' } })
    .composite([
      { input: face, left: 0, top: 0 },
      { input: await sharp(face).flop().resize(500, 500).toBuffer(), left: 560, top: 20 },
    ])
    .jpeg()
    .toBuffer()
  await page.locator('#file-input').setInputFiles({ name: 'two.jpg', mimeType: 'image/jpeg', buffer })
  await expect(page.locator('.face')).toHaveCount(2)
  await picture(halfturn, '11-two-faces')
  const second = page.getByRole('button', { name: 'Face 2' })
  await second.focus()
  await page.keyboard.press('Enter')
  await expect(second).toHaveAttribute('aria-pressed', 'true')
})
