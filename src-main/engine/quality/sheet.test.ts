import sharp from 'sharp'
import { expect, it } from 'vitest'
import { tinyConfig } from '../../../testing/generator.ts'
import { headLike, solid } from '../../../testing/solids.ts'
import { extractSurface } from '../surface/surface.ts'
import { drawSheet } from './sheet.ts'
import type { TurnaroundView } from './turnaround.ts'

/** One colour all over, its depth growing to the right. */
const view = (grey: number, size = 16): TurnaroundView => ({
  size,
  rgb: new Uint8Array(3 * size ** 2).fill(grey),
  depth: Float32Array.from({ length: size ** 2 }, (_, i) => 2 + (i % size) / size),
  opacity: new Float32Array(size ** 2).fill(1),
})
const sides = new Map([0, -30, 30, -60, 60].map((degrees, i) => [degrees, view(60 + 10 * i)]))

/** Mean and spread of the first channel in each cell, row by row. */
async function cellsOf(sheet: Uint8Array) {
  const { width = 0, height = 0 } = await sharp(sheet).metadata()
  const side = width / 5
  const cells: { mean: number; stdev: number }[] = []
  for (let cell = 0; cell < (5 * height) / side; cell++) {
    const place = { left: (cell % 5) * side, top: Math.floor(cell / 5) * side, width: side, height: side }
    // A copy: stats() looks at the input of a pipeline, not at what it makes of it.
    const [first] = (await sharp(await sharp(sheet).extract(place).png().toBuffer()).stats()).channels
    cells.push(first)
  }
  return cells
}

it('shows photo, head, all sides, depth and evidence, in this order', async () => {
  const bare = await extractSurface(solid(headLike()), { resolution: 64 })
  const evidence = Float32Array.from({ length: bare.positions.length / 3 }, (_, v) =>
    bare.positions[3 * v] > 0 ? 1 : 0,
  )
  const photos = { crops: [view(20)], surface: { ...bare, evidence } }
  const cells = await cellsOf(await drawSheet(tinyConfig(), { input: view(40), sides }, photos, 'made'))
  expect(cells.slice(0, 7).map(({ mean }) => Math.round(mean))).toEqual([20, 40, 60, 70, 80, 90, 100])
  expect(cells).toHaveLength(10)
  const [depth, right, left] = cells.slice(7)
  for (const { stdev } of [depth, right, left]) expect(stdev).toBeGreaterThan(5)
  // More of the head's left half, which the photo saw, is seen from its left: orange has more red than blue.
  expect(left.mean).toBeGreaterThan(right.mean + 5)
})

it('shows no photo and no evidence of a made-up person', async () => {
  const cells = await cellsOf(await drawSheet(tinyConfig(), { input: null, sides }, null, 'made'))
  expect(cells.slice(0, 5).map(({ mean }) => Math.round(mean))).toEqual([60, 70, 80, 90, 100])
})
