import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertClosed, blobs, headLike, sharp, solid, sphere, torus, union } from '../../../testing/solids.ts'
import { type Field, POINTS_PER_CALL } from './field.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'

const name = (place: number[], axis: number) => `${place} ${'xyz'[axis]}`

/** The lattice edges the surface crosses, from all samples: what the sparse grid must find without them. */
async function crossingsOfDense(field: Field, level: number, n: number): Promise<string[]> {
  const points = new Float32Array(n ** 3 * 3)
  let p = 0
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) for (const q of [i, j, k]) points[p++] = -field.side / 2 + (q * field.side) / (n - 1)
    }
  }
  const sigma = await field.sigma(points)
  const isInside = (place: number[]) =>
    place.every((q) => q > 0 && q < n - 1) && sigma[(place[2] * n + place[1]) * n + place[0]] > level
  const found: string[] = []
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      for (let i = 0; i < n; i++) {
        for (let axis = 0; axis < 3; axis++) {
          const next = [i, j, k].map((q, m) => (m === axis ? q + 1 : q))
          if (isInside([i, j, k]) !== isInside(next)) found.push(name([i, j, k], axis))
        }
      }
    }
  }
  return found.sort()
}

/** The lattice edges the vertices of the sparse surface lie on. */
async function crossingsOfSparse(field: Field, level: number, n: number): Promise<string[]> {
  const { positions } = isosurface(await sampleNearLevel(field, level, n))
  return Array.from({ length: positions.length / 3 }, (_, v) => {
    const place = [0, 1, 2].map((m) => ((positions[v * 3 + m] + field.side / 2) / field.side) * (n - 1))
    const off = place.map((q) => Math.abs(q - Math.round(q)))
    const axis = off.indexOf(Math.max(...off))
    return name(
      place.map((q, m) => (m === axis ? Math.floor(q) : Math.round(q))),
      axis,
    )
  }).sort()
}

describe('sparse sampling', () => {
  const rod = (x: number, y: number, z: number) =>
    sharp(Math.min(0.012 - Math.hypot(y - 0.4 * x, z + 0.21 * x), 0.45 - Math.abs(x)))
  const plate = (x: number, y: number, z: number) =>
    sharp(Math.min(0.009 - Math.abs(z - 0.1 * x - 0.013), 0.4 - Math.hypot(x, y)))
  for (const [what, density, n] of [
    ['a sphere', sphere(0.3), 64],
    ['a torus', torus(0.28, 0.05), 65],
    ['a sphere with thin rods and a thin plate', union(sphere(0.2, 0.05), rod, plate), 66],
    ['a head whose shoulders leave the box', headLike(), 67],
    ['a full box', () => 100, 64],
  ] as const) {
    it(`finds of ${what} all that full sampling finds`, async () => {
      const dense = await crossingsOfDense(solid(density), 10, n)
      expect(dense.length).toBeGreaterThan(1000)
      expect(await crossingsOfSparse(solid(density), 10, n)).toEqual(dense)
    })
  }

  it('finds nothing else, and every piece whole, of random smooth fields', async () => {
    await fc.assert(
      fc.asyncProperty(blobs, fc.integer({ min: 48, max: 56 }), async (field, n) => {
        const dense = new Set(await crossingsOfDense(solid(field), 10, n))
        const sparse = await crossingsOfSparse(solid(field), 10, n)
        // Near the border hollows may have been filled.
        const isInner = (edge: string) => edge.split(/[ ,]/, 3).every((q) => Number(q) > 1 && Number(q) < n - 3)
        expect(sparse.filter((edge) => isInner(edge) && !dense.has(edge))).toEqual([])
        assertClosed(isosurface(await sampleNearLevel(solid(field), 10, n)))
      }),
      { numRuns: 20 },
    )
  })

  it('asks for a head at 256 about a million points, in bounded calls', async () => {
    const field = solid(headLike())
    const grid = await sampleNearLevel(field, 10, 256)
    expect(grid.lattice.evaluated).toBe(field.asked.sigma)
    expect(grid.lattice.evaluated).toBeLessThan(1_300_000)
    expect(field.asked.largest).toBeLessThanOrEqual(POINTS_PER_CALL)
  })

  it('never asks for a point twice, nor outside the box', async () => {
    const seen = new Set<string>()
    let farthest = 0
    const field = solid((x, y, z) => {
      seen.add(`${x} ${y} ${z}`)
      farthest = Math.max(farthest, Math.abs(x), Math.abs(y), Math.abs(z))
      return sphere(0.9)(x, y, z)
    }, 1.6)
    await sampleNearLevel(field, 10, 64)
    expect(seen.size).toBe(field.asked.sigma)
    expect(farthest).toBeLessThan(0.8)
  })

  it('reports progress that only grows and ends at 1', async () => {
    const seen: number[] = []
    await sampleNearLevel(solid(headLike()), 10, 128, { progress: (fraction) => seen.push(fraction) })
    expect(seen.length).toBeGreaterThan(2)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })

  it('stops between calls when aborted', async () => {
    const stop = new AbortController()
    const field = solid(headLike())
    const progress = () => stop.abort()
    await expect(sampleNearLevel(field, 10, 256, { progress, signal: stop.signal })).rejects.toThrow(/abort/)
    expect(field.asked.sigma).toBeLessThanOrEqual(POINTS_PER_CALL)
  })

  it('says so when the head answers with NaN', async () => {
    await expect(
      sampleNearLevel(
        solid((x) => Math.sqrt(x)),
        10,
        64,
      ),
    ).rejects.toMatchObject({
      name: 'UserError',
      cure: expect.stringMatching(/generator file/),
    })
  })
})
