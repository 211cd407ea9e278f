import { beforeAll, describe, expect, it } from 'vitest'
import { assertClosed, headLike, solid } from '../../../testing/solids.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Field } from './field.ts'
import type { Mesh } from './mesh.ts'
import { fitOutline } from './outline.ts'
import { rasterize } from './rasterize.ts'
import { closedMesh } from './surface.ts'

const SIDE = 256
const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.3)
const field = solid(headLike())
let mesh: Mesh
let photo: PosedPortrait

const seen = (shown: Mesh) => rasterize(shown, label, SIDE).depth.map((far) => (far < Number.POSITIVE_INFINITY ? 1 : 0))
/** How many pixels are of the one and not of the other. */
const apart = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0)

beforeAll(async () => {
  mesh = (await closedMesh(field, { resolution: 96 })).mesh
  // A head that is a little larger all around than the field's surface.
  const larger = { ...mesh, positions: mesh.positions.map((p, i) => (i % 3 === 1 ? p : 1.06 * p)) }
  const picture = { size: SIDE, rgb: new Uint8Array(3 * SIDE ** 2), valid: new Uint8Array(SIDE ** 2).fill(1) }
  photo = { label, portrait: { ...picture, matte: seen(larger) } }
})

describe('fitOutline', () => {
  it("brings the surface's outline to the photo's, and leaves it closed", async () => {
    const bent = (await fitOutline(field, [photo]))(field)
    const found = (await closedMesh(bent, { resolution: 96 })).mesh
    assertClosed(found)
    const { matte } = photo.portrait
    expect(apart(seen(found), matte)).toBeLessThan(0.2 * apart(seen(mesh), matte))
  })

  it('moves nothing where no photo has an outline, nor where the bust is cut off', async () => {
    const bent = (await fitOutline(field, [photo]))(field)
    const middle = Float32Array.from([0, 0, 0.25, 0, -0.35, 0.1])
    const moved = await displacements(bent, middle)
    expect(Math.max(...moved)).toBeLessThan(0.003)
  })

  it('does not follow what is too far away to be the outline', async () => {
    const blank = new Float32Array(SIDE ** 2)
    for (let i = 0; i < blank.length; i++) blank[i] = i % SIDE < 20 ? 1 : 0
    const bent = (await fitOutline(field, [{ ...photo, portrait: { ...photo.portrait, matte: blank } }]))(field)
    expect(Math.max(...(await displacements(bent, mesh.positions)))).toBe(0)
  })

  it('bends nothing where there is no photo', async () => {
    expect((await fitOutline(field, []))(field)).toBe(field)
  })
})

/** The field's colour is the place itself: how far colours have come. */
async function displacements(bent: Field, points: Float32Array): Promise<number[]> {
  const [from, to] = [await field.colour(points), await bent.colour(points)]
  return Array.from({ length: points.length / 3 }, (_, n) =>
    Math.hypot(...[0, 1, 2].map((k) => from[3 * n + k] - to[3 * n + k])),
  )
}
