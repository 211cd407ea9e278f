import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Atlas, unwrap } from './atlas.ts'
import { largestComponent, simplify } from './clean.ts'
import { sampleNearLevel } from './grid.ts'
import { isosurface } from './isosurface.ts'
import type { Surface } from './mesh.ts'
import { vertexNormals } from './normals.ts'
import { headLike, solid } from './solids.ts'
import { eachTexel } from './texels.ts'
import { bakeTexture } from './texture.ts'

const SIZE = 512
const field = solid(headLike())
let surface: Surface
let atlas: Atlas

beforeAll(async () => {
  const grid = await sampleNearLevel(field, 10, 128)
  const mesh = await simplify(largestComponent(isosurface(grid)), 20_000)
  surface = { ...mesh, normals: vertexNormals(mesh), colours: new Float32Array(), voxel: grid.lattice.spacing }
  atlas = await unwrap(surface, SIZE)
})

/** The corners of triangle `t` on the texture, in texels from its lower left. */
const flat = (t: number) =>
  [0, 1, 2].flatMap((k) => [0, 1].map((n) => atlas.uvs[atlas.corners[t * 3 + k] * 2 + n] * SIZE))

/** The first corner of triangle `t` in the world. */
const pointOf = (t: number) => surface.positions.slice(surface.triangles[t * 3] * 3, surface.triangles[t * 3] * 3 + 3)

describe('unwrap', () => {
  it('places every triangle in the square, face up', () => {
    expect(Math.min(...atlas.uvs)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...atlas.uvs)).toBeLessThanOrEqual(1)
    for (let t = 0; t < surface.triangles.length / 3; t++) {
      const [ax, ay, bx, by, cx, cy] = flat(t)
      expect((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)).toBeGreaterThan(-1e-4)
    }
  })

  it('gives hardly a texel to two triangles, and about half of all to one', () => {
    const owners = new Uint8Array(SIZE ** 2)
    for (let t = 0; t < surface.triangles.length / 3; t++) {
      eachTexel(flat(t), 1e-6, (x, y) => owners[y * SIZE + x]++)
    }
    const used = owners.filter((n) => n > 0).length
    expect(used / SIZE ** 2).toBeGreaterThan(0.45)
    // What overlaps by less than a texel where the charts were grown may share one after packing.
    expect(owners.filter((n) => n > 1).length / used).toBeLessThan(1e-3)
  })

  it('has few charts, the face upright in one of them', () => {
    expect(atlas.charts).toBeLessThan(150)
    // Facing +z with all three corners: beside a crease a single one says little of the triangle.
    const front = (t: number) => {
      const [x, y, z] = pointOf(t)
      const corners = surface.triangles.subarray(3 * t, 3 * t + 3)
      const isFacing = corners.every((vertex) => surface.normals[3 * vertex + 2] > 0.8)
      return Math.abs(x) < 0.08 && Math.abs(y) < 0.08 && z > 0.15 && isFacing
    }
    // Triangles are in one chart when entries connect them: spread the least entry number until nothing changes.
    const chart = Uint32Array.from({ length: atlas.uvs.length / 2 }, (_, entry) => entry)
    for (let moved = true; moved; ) {
      moved = false
      for (let t = 0; t < atlas.corners.length; t += 3) {
        const entries = atlas.corners.subarray(t, t + 3)
        const least = Math.min(...entries.map((entry) => chart[entry]))
        for (const entry of entries) {
          moved ||= chart[entry] !== least
          chart[entry] = least
        }
      }
    }
    const face = Array.from({ length: surface.triangles.length / 3 }, (_, t) => t).filter(front)
    const chartOf = (t: number) => chart[atlas.corners[t * 3]]
    const median = face.map(chartOf).sort((a, b) => a - b)[face.length >> 1]
    const main = face.filter((t) => chartOf(t) === median)
    expect(main.length / face.length).toBeGreaterThan(0.97)

    // In a chart seen from +z, texture and world differ by a scale and a shift alone, and the packer's rounding.
    const places = main.map((t) => [...flat(t).slice(0, 2), ...pointOf(t)])
    const [first] = places
    const far = places.reduce((most, place) => (place[3] > most[3] ? place : most))
    const scale = (far[1] - first[1]) / (far[3] - first[3])
    expect(scale).toBeGreaterThan(100)
    for (const [u, v, x, y] of places) {
      expect(Math.abs(u - first[0] - scale * (x - first[2]))).toBeLessThan(1)
      expect(Math.abs(v - first[1] - scale * (y - first[3]))).toBeLessThan(1)
    }
  })
})

describe('bakeTexture', () => {
  it('shows at every triangle the colour of its place, and leaves nothing black between charts', async () => {
    const png = await bakeTexture(surface, atlas, field, SIZE)
    const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([SIZE, SIZE, 3])
    let wrong = 0
    for (let t = 0; t < surface.triangles.length / 3; t++) {
      const f = flat(t)
      const [u, v] = [0, 1].map((n) => Math.min(SIZE - 1, Math.floor((f[n] + f[n + 2] + f[n + 4]) / 3)))
      const pixel = ((SIZE - 1 - v) * SIZE + u) * 3
      const middle = [0, 1, 2].map(
        (k) => [0, 1, 2].reduce((sum, n) => sum + surface.positions[surface.triangles[t * 3 + n] * 3 + k], 0) / 3,
      )
      // The field's colour is the place itself, 255 a unit; a texel is about 1/350 unit, six times that where steep.
      if (middle.some((p, k) => Math.abs(data[pixel + k] - (p + 0.5) * 255) > 8)) wrong++
    }
    expect(wrong / (surface.triangles.length / 3)).toBeLessThan(1e-3)
    // Colours lie in the box's inside, so black would mean a texel nobody filled.
    let black = 0
    for (let n = 0; n < data.length; n += 3) if (data[n] + data[n + 1] + data[n + 2] === 0) black++
    expect(black).toBe(0)
  })
})
