import { beforeAll, describe, expect, it } from 'vitest'
import { headLike, sharp, solid } from '../../../testing/solids.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Surface } from '../surface/mesh.ts'
import { vertexNormals } from '../surface/normals.ts'
import { extractSurface } from '../surface/surface.ts'
import { formOf, silhouetteOf } from './form.ts'

const FRONT = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0)

let head: Surface
beforeAll(async () => {
  head = await extractSurface(solid(headLike()), { resolution: 96 })
})

/** The surface with every vertex moved along its normal, world units. */
function displaced(surface: Surface, by: (vertex: number) => number): Surface {
  const { normals, triangles } = surface
  const positions = surface.positions.map((value, i) => value + normals[i] * by(Math.floor(i / 3)))
  return { ...surface, positions, normals: vertexNormals({ positions, triangles }) }
}

describe('formOf', () => {
  it('finds a head a head', () => {
    const form = formOf(head, FRONT)
    expect(form.relief).toBeGreaterThan(30)
    expect(form.roughness).toBeLessThan(0.3)
    expect(form.spikes).toBe(0)
    expect(form.asymmetry).toBeLessThan(0.5)
  })

  it('measures a face that has collapsed to a mask', async () => {
    const mask = await extractSurface(
      solid((x, y, z) => sharp(Math.min(0.15 - Math.abs(x), 0.2 - Math.abs(y), 0.02 - Math.abs(z - 0.1)))),
      { resolution: 96 },
    )
    expect(formOf(mask, FRONT).relief).toBeLessThan(10)
  })

  it('measures noise and spikes', () => {
    const noisy = formOf(
      displaced(head, (vertex) => 0.003 * Math.sin(vertex * 12.9898)),
      FRONT,
    )
    expect(noisy.roughness).toBeGreaterThan(0.4)
    expect(noisy.spikes).toBe(0)
    // One vertex in a hundred stands out by 16 mm.
    const spiky = formOf(
      displaced(head, (vertex) => (vertex % 100 === 0 ? 0.04 : 0)),
      FRONT,
    )
    expect(spiky.spikes).toBeGreaterThan(0.005)
  })

  it('measures how unlike the halves are', () => {
    const positions = head.positions.map((value, i) =>
      i % 3 === 2 && head.positions[i - 2] > 0 ? value + 0.05 * head.positions[i - 2] : value,
    )
    expect(formOf({ ...head, positions }, FRONT).asymmetry).toBeGreaterThan(0.5)
  })
})

describe('silhouetteOf', () => {
  const SIZE = 32
  const disc =
    (radius: number, x = SIZE / 2) =>
    (i: number) =>
      Math.hypot((i % SIZE) - x, Math.floor(i / SIZE) - SIZE / 2) < radius
  const outline = (covered: (i: number) => boolean) =>
    silhouetteOf(Float32Array.from({ length: SIZE * SIZE }, (_, i) => (covered(i) ? 1 : 0)))
  const NOTHING = { holes: 0, floaters: 0 }

  it('finds what is enclosed, and only that', () => {
    const [outer, inner] = [disc(12), disc(5)]
    expect(outline(outer)).toEqual(NOTHING)
    expect(outline(() => false)).toEqual(NOTHING)
    expect(outline(() => true)).toEqual(NOTHING)
    expect(outline((i) => outer(i) && !inner(i)).holes).toBeCloseTo((5 / 12) ** 2, 1)
    // A notch is no hole.
    expect(outline((i) => outer(i) && !(i % SIZE === SIZE / 2 && i < (SIZE * SIZE) / 2))).toEqual(NOTHING)
  })

  it('finds what floats beside the head', () => {
    const [head, floater] = [disc(8), disc(3, 28)]
    expect(outline((i) => head(i) || floater(i)).floaters).toBeCloseTo(9 / (64 + 9), 1)
  })
})
