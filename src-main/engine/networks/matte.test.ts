import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import { collage, decodedSample } from '../../../testing/face.ts'
import type { Crop } from '../face/crop.ts'
import { input, writeModel } from '../graph/index.ts'
import { Runtime } from '../runtime/runtime.ts'
import { networkFile } from './folder.ts'
import { createMatting, matteNetwork, readMatteWeights } from './matte.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

/** A square of the sample portrait, pixel for pixel. */
const square = (left: number, top: number, side: number) =>
  decodedSample((image) => image.extract({ left, top, width: side, height: side }))

describe('matteNetwork', () => {
  it('gives what MediaPipe gives', async () => {
    // The fixture is the confidence mask of ImageSegmenter (tasks-vision 0.10.35, Chromium, CPU) for this square.
    const golden = await sharp(fileURLToPath(new URL('fixtures/sample-matte.png', import.meta.url)))
      .toColourspace('b-w')
      .raw()
      .toBuffer()
    const { rgb } = await square(96, 0, 256)
    const file = networkFile('matte.safetensors')
    const weights = readMatteWeights(await readFile(file), file)
    const program = await runtime.compile(
      writeModel({ matte: matteNetwork(weights, input('image', [1, 3, 256, 256])) }),
    )
    const image = Float32Array.from(
      { length: rgb.length },
      (_, i) => rgb[3 * (i % 65536) + Math.floor(i / 65536)] / 255,
    )
    const feeds = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
    const { matte } = await program.run({ ...feeds, image })
    expect(golden).toHaveLength(matte.length)
    expect(matte.reduce((most, alpha, i) => Math.max(most, Math.abs(255 * alpha - golden[i])), 0)).toBeLessThan(0.55)
  })
})

describe('createMatting', () => {
  it('tells the person from the background, and leaves other people out', async () => {
    const person = await square(124, 20, 200)
    // Twice the same person: in the middle, and cut off at the left with background between.
    const { rgb } = await collage(
      [512, 512],
      [
        { input: await toPng(person, 110), left: 0, top: 40 },
        { input: await toPng(person, 360), left: 140, top: 100 },
      ],
    )
    const crop: Crop = { size: 512, rgb, valid: new Uint8Array(512 * 512).fill(1) }
    const matting = await createMatting(runtime, 512)
    await expect(matting({ ...crop, size: 256 })).rejects.toThrow('512')
    const matte = await matting(crop)
    const at = (x: number, y: number) => matte[y * 512 + x]
    expect(at(256 + 64, 240)).toBeGreaterThan(0.95) // face
    expect(at(500, 40)).toBeLessThan(0.05) // background
    expect(at(55, 90)).toBe(0) // the other one
    expect(matte.every((alpha) => alpha >= 0 && alpha <= 1)).toBe(true)
  })
})

const toPng = ({ rgb, width, height }: Awaited<ReturnType<typeof square>>, side: number) =>
  sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(side, side)
    .png()
    .toBuffer()
