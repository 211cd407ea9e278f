import { beforeAll, describe, expect, it } from 'vitest'
import { headLike, solid, torus } from '../../../../testing/solids.ts'
import { largestComponent, simplify } from '../clean.ts'
import { sampleNearLevel } from '../grid.ts'
import { isosurface } from '../isosurface.ts'
import type { Mesh } from '../mesh.ts'
import { type Atlas, unwrap } from './atlas.ts'
import { type Chart, cutCharts } from './charts.ts'
import { eachTexel } from './texels.ts'

const SIZE = 512
let surface: Mesh
let atlas: Atlas

async function meshOf(density: Parameters<typeof solid>[0], samples: number): Promise<Mesh> {
  return largestComponent(isosurface(await sampleNearLevel(solid(density), 10, samples)))
}

beforeAll(async () => {
  surface = await simplify(await meshOf(headLike(), 128), 20_000)
  atlas = unwrap(surface, SIZE)
})

/** The corners of triangle `t` on the texture, in texels from its lower left. */
const flat = (t: number) =>
  [0, 1, 2].flatMap((k) => [0, 1].map((n) => atlas.uvs[atlas.corners[t * 3 + k] * 2 + n] * SIZE))

/** The chart of each triangle: charts are connected by their entries. */
function chartsOf({ corners, uvs }: Atlas): Uint32Array {
  const chart = Uint32Array.from({ length: uvs.length / 2 }, (_, entry) => entry)
  for (let moved = true; moved; ) {
    moved = false
    for (let t = 0; t < corners.length; t += 3) {
      const entries = corners.subarray(t, t + 3)
      const least = Math.min(...entries.map((entry) => chart[entry]))
      for (const entry of entries) {
        moved ||= chart[entry] !== least
        chart[entry] = least
      }
    }
  }
  return Uint32Array.from({ length: corners.length / 3 }, (_, t) => chart[corners[3 * t]])
}

describe('unwrap', () => {
  it('places every triangle in the square, face up', () => {
    expect(Math.min(...atlas.uvs)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...atlas.uvs)).toBeLessThanOrEqual(1)
    let turned = 0
    for (let t = 0; t < surface.triangles.length / 3; t++) {
      const [ax, ay, bx, by, cx, cy] = flat(t)
      if ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay) < -1e-4) turned++
    }
    expect(turned).toBe(0)
  })

  it('gives no texel to two triangles, and four free ones to any two charts', () => {
    const chart = chartsOf(atlas)
    const owners = new Int32Array(SIZE ** 2).fill(-1)
    let [shared, close] = [0, 0]
    for (let t = 0; t < chart.length; t++) {
      eachTexel(flat(t), 1e-6, (x, y) => {
        if (owners[y * SIZE + x] >= 0) shared++
        owners[y * SIZE + x] = chart[t]
      })
    }
    const used = owners.filter((owner) => owner >= 0).length
    expect(used / SIZE ** 2).toBeGreaterThan(0.8)
    for (let at = 0; at < owners.length; at++) {
      for (let step = 1; step <= 4 && owners[at] >= 0; step++) {
        for (const there of [at % SIZE < SIZE - step ? at + step : at, at + step * SIZE]) {
          if (owners[there] >= 0 && owners[there] !== owners[at]) close++
        }
      }
    }
    expect([shared, close]).toEqual([0, 0])
  })

  it('has few charts, the face upright in the largest', () => {
    expect(atlas.charts).toBeLessThan(12)
    const chart = chartsOf(atlas)
    const at = (t: number) => surface.positions.subarray(3 * surface.triangles[3 * t], 3 * surface.triangles[3 * t] + 3)
    const face = [...chart.keys()].filter((t) => at(t)[2] > 0.12 && Math.abs(at(t)[1]) < 0.15)
    const own = chart[face[0]]
    expect(face.every((t) => chart[t] === own)).toBe(true)
    let area = 0
    chart.forEach((owner, t) => {
      const [ax, ay, bx, by, cx, cy] = flat(t)
      if (owner === own) area += ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    })
    expect(area / SIZE ** 2).toBeGreaterThan(0.4)
    // Right is right and up is up, all over the face.
    const some = face.filter((_, n) => n % 20 === 0)
    for (const axis of [0, 1]) {
      const turned = some.filter((t) =>
        some.some((other) => at(t)[axis] - at(other)[axis] > 0.05 && flat(t)[axis] <= flat(other)[axis]),
      )
      expect(turned).toEqual([])
    }
  })
})

describe('cutCharts', () => {
  /** Vertices - edges + triangles: 1 for a disc. */
  const euler = ({ vertices, triangles, corners }: Chart) => {
    const edges = new Set<string>()
    corners.forEach((from, corner) => {
      const to = corners[corner % 3 === 2 ? corner - 2 : corner + 1]
      edges.add([from, to].sort((a, b) => a - b).join())
    })
    return vertices.length - edges.size + triangles.length
  }

  it('makes a disc of every piece, whatever holes and handles it has', async () => {
    const ring = await meshOf(torus(0.3, 0.1), 48)
    const count = ring.triangles.length / 3
    const height = (t: number) => ring.positions[3 * ring.triangles[3 * t] + 2]
    const whole = cutCharts(ring, new Uint8Array(count))
    const halves = cutCharts(
      ring,
      Uint8Array.from({ length: count }, (_, t) => (height(t) > 0 ? 1 : 0)),
    )
    expect(whole.map(euler)).toEqual([1])
    expect(halves.map(euler)).toEqual([1, 1])
    expect(halves.map(({ part }) => part).sort()).toEqual([0, 1])
    for (const charts of [whole, halves]) {
      const all = charts.flatMap(({ triangles }) => [...triangles]).sort((a, b) => a - b)
      expect(all).toEqual([...Array(count).keys()])
    }
  })
})
