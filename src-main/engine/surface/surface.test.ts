import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  assertClosed,
  blobs,
  euler,
  headLike,
  sharp,
  signedVolume,
  solid,
  sphere,
  union,
} from '../../../testing/solids.ts'
import { extractSurface } from './surface.ts'

describe('extractSurface', () => {
  it('makes of a head one closed surface with outward unit normals and the colours just inside it', async () => {
    const field = solid(union(headLike(), sphere(0.03, 0.33, 0.33, 0.33)))
    const seen: number[] = []
    const surface = await extractSurface(field, { resolution: 96 }, { progress: (fraction) => seen.push(fraction) })
    assertClosed(surface)
    expect(euler(surface)).toBe(2)
    expect(signedVolume(surface)).toBeGreaterThan(0.05)
    expect(surface.stats).toEqual({
      evaluated: field.asked.sigma,
      vertices: surface.positions.length / 3,
      triangles: surface.triangles.length / 3,
    })
    const { positions, normals, colours, voxel } = surface
    for (let v = 0; v < positions.length; v += 33) {
      expect(Math.hypot(normals[v], normals[v + 1], normals[v + 2])).toBeCloseTo(1, 5)
      for (let k = v; k < v + 3; k++) expect(colours[k]).toBeCloseTo(positions[k] - (normals[k] * voxel) / 2 + 0.5, 5)
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBe(1)
  })

  it('has normals that point out of a sphere', async () => {
    const { positions, normals } = await extractSurface(solid(sphere(0.3)), { resolution: 64 })
    for (let v = 0; v < positions.length; v += 3) {
      const along = [0, 1, 2].reduce((sum, k) => sum + (positions[v + k] * normals[v + k]) / 0.3, 0)
      expect(along).toBeGreaterThan(0.98)
    }
  })

  it('is cut flat below, with normals that point down', async () => {
    const surface = await extractSurface(
      solid((x, _, z) => sharp(0.2 - Math.hypot(x, z))),
      { resolution: 64, smooth: 0 },
    )
    const { positions, normals } = surface
    let bottom = Number.POSITIVE_INFINITY
    for (let at = 1; at < positions.length; at += 3) bottom = Math.min(bottom, positions[at])
    expect(bottom).toBeCloseTo(-0.35, 1)
    let flat = 0
    for (let v = 0; v < positions.length; v += 3) {
      if (positions[v + 1] > bottom + 1e-6 || Math.hypot(positions[v], positions[v + 2]) > 0.17) continue
      expect(normals[v + 1]).toBeCloseTo(-1, 5)
      flat++
    }
    expect(flat).toBeGreaterThan(100)
  })

  it('stays closed for random fields, smoothed and simplified', async () => {
    await fc.assert(
      fc.asyncProperty(
        blobs,
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 100, max: 5000 }),
        async (density, smooth, triangles) => {
          try {
            assertClosed(await extractSurface(solid(density), { resolution: 64, smooth, triangles }))
          } catch (error) {
            // Some sums of blobs never reach the level.
            expect(String(error)).toContain('No surface at level 10')
          }
        },
      ),
      { numRuns: 25 },
    )
  })

  it('leaves out what grows at the edge of the box', async () => {
    const wall = (_x: number, y: number) => sharp(-0.4 - y)
    const surface = await extractSurface(solid(union(sphere(0.3), wall)), { resolution: 64 })
    expect(signedVolume(surface) / ((4 / 3) * Math.PI * 0.3 ** 3)).toBeCloseTo(1, 1)
    // Hair reaches up and back.
    const tall = await extractSurface(solid(sphere(0.3, 0, 0.15, -0.15)), { resolution: 64 })
    expect(signedVolume(tall) / ((4 / 3) * Math.PI * 0.3 ** 3)).toBeCloseTo(1, 2)
  })

  it('says how high the density got when there is no surface', async () => {
    await expect(
      extractSurface(
        solid(() => 3.25),
        { resolution: 64 },
      ),
    ).rejects.toMatchObject({
      name: 'UserError',
      message: 'No surface at level 10: the highest density found is 3.25.',
      cure: expect.stringContaining('lower level'),
    })
  })

  it.each([
    [{ resolution: 63 }, /resolution is 63/],
    [{ resolution: 513 }, /resolution is 513/],
    [{ resolution: 128.5 }, /resolution is 128.5/],
    [{ resolution: 64, triangles: 3 }, /triangles is 3/],
    [{ resolution: 64, smooth: -1 }, /passes is -1/],
    [{ resolution: 64, level: Number.NaN }, /level NaN/],
  ])('refuses %o before asking for anything', async (options, message) => {
    const field = solid(sphere(0.3))
    const refused = expect(extractSurface(field, options)).rejects
    await refused.toThrow(message)
    await refused.toMatchObject({ name: 'UserError', cure: expect.stringMatching(/./) })
    expect(field.asked.sigma).toBe(0)
  })

  it('stops when aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(extractSurface(solid(sphere(0.3)), { resolution: 64 }, { signal })).rejects.toThrow('enough')
  })
})
