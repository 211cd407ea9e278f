import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  area,
  assertClosed,
  blobs,
  euler,
  headLike,
  type Point,
  sharp,
  signedVolume,
  solid,
  sphere,
  torus,
  union,
} from '../../../testing/solids.ts'
import { largestComponent, remesh, simplify, smooth } from './clean.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'
import type { Mesh } from './mesh.ts'

const surfaceOf = async (density: Point, n = 64): Promise<Mesh> =>
  isosurface(await sampleNearLevel(solid(density), 10, n))

const ball = (radius: number) => (4 / 3) * Math.PI * radius ** 3

describe('largestComponent', () => {
  it('drops floaters and hollows', async () => {
    const shell: Point = (x, y, z) => sharp(Math.min(0.3 - Math.hypot(x, y, z), Math.hypot(x, y, z) - 0.2))
    const all = await surfaceOf(union(shell, sphere(0.05, 0.4, 0.4, 0.4), sphere(0.08, -0.4, -0.4, 0.4)))
    expect(euler(all)).toBe(8)
    const main = largestComponent(all)
    assertClosed(main)
    expect(euler(main)).toBe(2)
    expect(signedVolume(main) / ball(0.3)).toBeCloseTo(1, 2)
  })
})

describe('smooth', () => {
  it('takes noise away and keeps the volume', async () => {
    const clean = await surfaceOf(sphere(0.3))
    const noisy = { ...clean, positions: clean.positions.map((p, n) => p + 0.002 * Math.sin(n * n)) }
    const smoothed = smooth(noisy, 8)
    const roughness = ({ positions }: Mesh) => {
      let sum = 0
      for (let v = 0; v < positions.length; v += 3) {
        sum += (Math.hypot(positions[v], positions[v + 1], positions[v + 2]) - 0.3) ** 2
      }
      return Math.sqrt((sum * 3) / positions.length)
    }
    expect(roughness(smoothed)).toBeLessThan(roughness(noisy) / 2)
    expect(signedVolume(smoothed) / ball(0.3)).toBeCloseTo(1, 2)
    assertClosed(smoothed)
  })

  it('hardly touches what is smooth already', async () => {
    const mesh = await surfaceOf(torus(0.3, 0.1), 96)
    expect(signedVolume(smooth(mesh, 3)) / signedVolume(mesh)).toBeCloseTo(1, 3)
    expect(smooth(mesh, 0)).toEqual(mesh)
  })
})

describe('remesh', () => {
  it('makes a closed mesh of about so many even triangles', async () => {
    const mesh = largestComponent(await surfaceOf(headLike()))
    for (const target of [20_000, 5000]) {
      const even = await remesh(mesh, target)
      assertClosed(even)
      expect(Math.abs(even.triangles.length / 3 - target)).toBeLessThan(target / 10)
      expect(signedVolume(even) / signedVolume(mesh)).toBeCloseTo(1, 1)
      const neighbours = new Map<number, number>()
      for (const vertex of even.triangles) neighbours.set(vertex, (neighbours.get(vertex) ?? 0) + 1)
      const usual = [...neighbours.values()].filter((count) => count >= 5 && count <= 7).length
      expect(usual / neighbours.size).toBeGreaterThan(0.9)
    }
  })
})

describe('simplify', () => {
  it('comes near the target and keeps volume, area and closedness', async () => {
    const mesh = largestComponent(await surfaceOf(headLike(), 96))
    for (const target of [20_000, 5000, 1000]) {
      const light = await simplify(mesh, target)
      assertClosed(light)
      expect(Math.abs(light.triangles.length / 3 - target)).toBeLessThan(target / 50)
      expect(signedVolume(light) / signedVolume(mesh)).toBeCloseTo(1, 1)
      expect(area(light) / area(mesh)).toBeCloseTo(1, 1)
    }
  })

  it('keeps more of the front than of the back', async () => {
    const { positions, triangles } = await simplify(await surfaceOf(sphere(0.3)), 2000)
    const inFront = triangles.filter((vertex) => positions[3 * vertex + 2] > 0).length
    expect(inFront / triangles.length).toBeGreaterThan(0.53)
  })

  it('leaves a mesh alone that is light enough', async () => {
    const mesh = await surfaceOf(sphere(0.2))
    expect(await simplify(mesh, mesh.triangles.length / 3)).toBe(mesh)
  })

  it('keeps random surfaces closed, however few triangles are asked for', async () => {
    await fc.assert(
      fc.asyncProperty(blobs, fc.integer({ min: 4, max: 4000 }), async (field, target) => {
        assertClosed(await simplify(await surfaceOf(field, 48), target))
      }),
      { numRuns: 40 },
    )
  })

  it('keeps a surface of many thin necks closed', async () => {
    // Where collapses pinch: at these targets the library alone leaves edges with four triangles.
    const foam: Point = (x, y, z) => 10 + Math.cos(40 * x) + Math.cos(37 * y) + Math.cos(43 * z) - 0.8
    const mesh = await surfaceOf(foam, 48)
    for (const target of [10_000, 5000, 2000, 500]) assertClosed(await simplify(mesh, target))
  })

  it.each(['by itself', 'at a vertex'])('leaves nothing of what hung by a pinched neck, %s', async (where) => {
    const { positions, triangles } = await surfaceOf(sphere(0.3))
    // Two triangles back to back, as a collapse leaves them.
    const [a, b, c] = triangles
    const n = positions.length / 3
    const fin = [a, b, c].flatMap((v) => [...positions.subarray(3 * v, 3 * v + 3)])
    const tip = where === 'at a vertex' ? a : n
    const mesh = {
      positions: Float32Array.from([...positions, ...fin]),
      triangles: Uint32Array.from([...triangles, tip, n + 1, n + 2, tip, n + 2, n + 1]),
    }
    const light = await simplify(mesh, triangles.length / 6)
    assertClosed(light)
    expect(euler(light)).toBe(2)
  })
})
