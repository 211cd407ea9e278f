/** What is saved, opened where people open it. The pictures are left in test-results/opened, to be looked at. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { psnr } from '../../src-main/engine/quality/likeness.ts'
import { drawSurface } from '../../src-main/engine/quality/textured.ts'
import { formats } from '../../src-main/engine/surface/formats/formats.ts'
import { fileChoices } from '../../src-main/engine/surface/formats/options.ts'
import { extractSurface } from '../../src-main/engine/surface/surface.ts'
import { paintTexture } from '../../src-main/engine/surface/texture/texture.ts'
import { headLike, solid } from '../../testing/solids.ts'
import { missing, programs } from './programs.ts'

const folder = join(import.meta.dirname, '../../test-results/opened')
const SIDE = 192
// From the side and a little above: what is mirrored or lies on its back would show.
const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.6, 0.2)
let ours: Uint8Array

if (missing.length > 0) console.warn(`Left out: opening files in ${missing.join(' and ')}, which is not here.`)

beforeAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const field = solid(headLike())
  const surface = await extractSurface(field, { resolution: 64, triangles: 4000 })
  const texture = await paintTexture(surface, field, [], 512, 'own')
  ours = drawSurface(surface, label, SIDE, texture)
  const provenance = { generated: true, generatorName: 'test', generatorHash: '', settings: {} } as const
  const asset = { surface, provenance, choices: fileChoices.parse({}), texture: async () => texture, tell: () => {} }
  for (const format of ['glb', 'obj', 'usdz'] as const) {
    const files = await (await formats[format].load())(asset, 'head')
    for (const [extension, bytes] of files) writeFileSync(join(folder, `head.${extension}`), bytes)
  }
})

describe.each(Object.entries(programs))('%s', (_, { open, reads }) => {
  it.each(reads.map((format) => `head.${format}`))('shows %s as it is', async (file) => {
    const theirs = await open(folder, file, label, SIDE)
    // Edges are smoothed otherwise; a wrong size, side or colour space is far below this.
    expect(psnr(theirs, ours, new Float32Array(SIDE ** 2).fill(1))).toBeGreaterThan(27)
  })
})
