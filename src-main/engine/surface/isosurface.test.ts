import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  area,
  assertClosed,
  blobs,
  euler,
  sharp,
  signedVolume,
  solid,
  sphere,
  torus,
  union,
} from '../../../testing/solids.ts'
import { CASES, EDGES } from './cases.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'

const surfaceOf = async (density: (x: number, y: number, z: number) => number, n = 96, side = 1) =>
  isosurface(await sampleNearLevel(solid(density, side), 10, n))

describe('the cases of a cube', () => {
  it('use exactly the edges the surface crosses, each by one polygon', () => {
    for (let inside = 0; inside < 256; inside++) {
      const crossed = EDGES.flatMap(({ corner, axis }, edge) =>
        ((inside >> corner) ^ (inside >> (corner | (1 << axis)))) & 1 ? [edge] : [],
      )
      expect([...new Set(CASES[inside])].sort((a, b) => a - b)).toEqual(crossed)
    }
  })
})

describe('isosurface', () => {
  for (const [what, density, characteristic, volume, surface] of [
    ['a sphere', sphere(0.3, 0.02, -0.03, 0.01), 2, (4 / 3) * Math.PI * 0.3 ** 3, 4 * Math.PI * 0.3 ** 2],
    ['a torus', torus(0.3, 0.1), 0, 2 * Math.PI ** 2 * 0.3 * 0.1 ** 2, 4 * Math.PI ** 2 * 0.3 * 0.1],
    [
      'two spheres',
      union(sphere(0.15, -0.2), sphere(0.2, 0.2)),
      4,
      (4 / 3) * Math.PI * (0.15 ** 3 + 0.2 ** 3),
      4 * Math.PI * (0.15 ** 2 + 0.2 ** 2),
    ],
  ] as const) {
    it(`of ${what} is closed, with its topology, volume and area`, async () => {
      const mesh = await surfaceOf(density)
      assertClosed(mesh)
      expect(euler(mesh)).toBe(characteristic)
      expect(signedVolume(mesh) / volume).toBeCloseTo(1, 2)
      expect(area(mesh) / surface).toBeCloseTo(1, 2)
    })
  }

  it('lies on the level', async () => {
    const { positions } = await surfaceOf(torus(0.3, 0.1), 128, 1.3)
    const torusAt = torus(0.3, 0.1)
    for (let v = 0; v < positions.length; v += 3) {
      // Linear interpolation over an edge of 0.01 of a surface of curvature 10 is off by 1e-4 at most: 0.02 of sigma.
      expect(Math.abs(torusAt(positions[v], positions[v + 1], positions[v + 2]) - 10)).toBeLessThan(0.03)
    }
  })

  it('closes with a flat cap half a cell inside the box what leaves the box', async () => {
    const n = 65
    const mesh = await surfaceOf((x, y, z) => sharp(0.2 - Math.hypot(x, z) + 0 * y), n)
    assertClosed(mesh)
    expect(euler(mesh)).toBe(2)
    const heights = mesh.positions.filter((_, at) => at % 3 === 1)
    const cap = 0.5 - 0.5 / (n - 1)
    expect(Math.max(...heights)).toBeCloseTo(cap, 6)
    expect(heights.filter((y) => Math.abs(y - cap) < 1e-6).length).toBeGreaterThan(400)
    expect(signedVolume(mesh) / (Math.PI * 0.04 * 2 * cap)).toBeCloseTo(1, 2)
  })

  it('is empty where nothing reaches the level', async () => {
    expect((await surfaceOf(() => -5, 64)).triangles.length).toBe(0)
  })

  it('is a closed manifold for noise, where every ambiguous case occurs', async () => {
    let state = 1
    const noise = () => {
      state = (state * 1103515245 + 12345) % 2 ** 31
      return (state / 2 ** 31) * 20
    }
    const mesh = await surfaceOf(noise, 34)
    expect(mesh.triangles.length).toBeGreaterThan(100_000)
    assertClosed(mesh)
    expect(signedVolume(mesh)).toBeGreaterThan(0)
  })

  it('is a closed manifold for random smooth fields', async () => {
    await fc.assert(
      fc.asyncProperty(blobs, fc.integer({ min: 40, max: 70 }), async (field, n) => {
        assertClosed(await surfaceOf(field, n))
      }),
      { numRuns: 20 },
    )
  })
})
