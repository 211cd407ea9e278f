/** For the tests: fields whose surfaces are known in closed form, and the topology of a mesh. */
import fc from 'fast-check'
import type { Field } from '../src-main/engine/surface/field.ts'
import { type Mesh, sixfoldVolume } from '../src-main/engine/surface/mesh.ts'

interface Solid extends Field {
  /** Points asked for so far, and the largest call. */
  asked: { sigma: number; colour: number; largest: number }
}

export type Point = (x: number, y: number, z: number) => number

/** A field whose sigma is `density`, coloured by position: red grows with x, green with y, blue with z. */
export function solid(density: Point, side = 1): Solid {
  const asked = { sigma: 0, colour: 0, largest: 0 }
  return {
    side,
    asked,
    async sigma(points) {
      const out = new Float32Array(points.length / 3)
      asked.sigma += out.length
      asked.largest = Math.max(asked.largest, out.length)
      for (let n = 0; n < out.length; n++) out[n] = density(points[n * 3], points[n * 3 + 1], points[n * 3 + 2])
      return out
    },
    async colour(points) {
      asked.colour += points.length / 3
      asked.largest = Math.max(asked.largest, points.length / 3)
      return points.map((value) => value / side + 0.5)
    },
  }
}

/** Sigma as steep as a trained head's: 10 at the surface, 200 a unit. `distance` is positive inside. */
export const sharp = (distance: number): number => 10 + 200 * distance

export const sphere =
  (radius: number, cx = 0, cy = 0, cz = 0): Point =>
  (x, y, z) =>
    sharp(radius - Math.hypot(x - cx, y - cy, z - cz))

export const torus =
  (major: number, minor: number): Point =>
  (x, y, z) =>
    sharp(minor - Math.hypot(Math.hypot(x, y) - major, z))

export const union =
  (...parts: Point[]): Point =>
  (x, y, z) =>
    Math.max(...parts.map((part) => part(x, y, z)))

/** About the size, the area and the thin parts of a head: skull, face, ears, neck and shoulders out of the box. */
export function headLike(): Point {
  const blob =
    (cx: number, cy: number, cz: number, rx: number, ry: number, rz: number): Point =>
    (x, y, z) => {
      const q = Math.hypot((x - cx) / rx, (y - cy) / ry, (z - cz) / rz)
      return sharp((1 - q) * Math.min(rx, ry, rz))
    }
  return union(
    blob(0, 0.08, 0, 0.19, 0.25, 0.23),
    blob(0, -0.05, 0.1, 0.14, 0.18, 0.15),
    blob(0, 0, 0.25, 0.03, 0.04, 0.04),
    blob(0.19, 0.02, 0, 0.04, 0.06, 0.01),
    blob(-0.19, 0.02, 0, 0.04, 0.06, 0.01),
    blob(0, -0.3, -0.05, 0.11, 0.25, 0.11),
    blob(0, -0.55, -0.05, 0.45, 0.2, 0.2),
  )
}

/** Throws unless every edge has exactly two triangles that run along it in opposite directions. */
export function assertClosed({ positions, triangles }: Mesh): void {
  const count = positions.length / 3
  const along = new Float64Array(triangles.length)
  const back = new Float64Array(triangles.length)
  triangles.forEach((a, corner) => {
    const b = triangles[corner % 3 === 2 ? corner - 2 : corner + 1]
    if (a === b) throw new Error(`Triangle ${Math.floor(corner / 3)} has the vertex ${a} twice.`)
    along[corner] = a * count + b
    back[corner] = b * count + a
  })
  along.sort()
  back.sort()
  const ends = (edge: number) => `from ${Math.floor(edge / count)} to ${edge % count}`
  along.forEach((edge, i) => {
    if (edge === along[i + 1]) throw new Error(`Two triangles run ${ends(edge)}.`)
    if (edge !== back[i]) throw new Error(`The edge ${ends(Math.min(edge, back[i]))} is open.`)
  })
}

/** Vertices - edges + triangles of a closed mesh: 2 for a sphere, 0 for a torus, and their sum for several. */
export function euler({ positions, triangles }: Mesh): number {
  return positions.length / 3 - triangles.length / 6
}

export function area({ positions: p, triangles }: Mesh): number {
  let twice = 0
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]]
    const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]]
    twice += Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
  }
  return twice / 2
}

const coordinate = fc.double({ min: -0.45, max: 0.45, noNaN: true })

/** Random smooth fields: sums of wide and narrow Gaussian blobs, some of them carving, around the level 10. */
export const blobs: fc.Arbitrary<Point> = fc
  .array(
    fc.record({
      centre: fc.tuple(coordinate, coordinate, coordinate),
      width: fc.double({ min: 0.08, max: 0.3, noNaN: true }),
      height: fc.double({ min: -30, max: 60, noNaN: true }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((parts) => (x: number, y: number, z: number) => {
    let sum = 0
    for (const { centre, width, height } of parts) {
      const square = (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2
      sum += height * Math.exp(-square / (2 * width ** 2))
    }
    return sum
  })

/** The volume a closed mesh encloses, negative when its triangles face inwards; cubed units of its positions. */
export function signedVolume({ positions, triangles }: Mesh): number {
  let six = 0
  for (let t = 0; t < triangles.length; t += 3) six += sixfoldVolume(positions, triangles, t)
  return six / 6
}
