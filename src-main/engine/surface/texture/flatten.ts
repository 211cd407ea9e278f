/**
 * Laying a disc of triangles flat: its border on a rounded square, every inner vertex at a mean of its neighbours with
 * positive weights. Such a map folds nowhere (Tutte 1963; Floater 2003, mean value coordinates). What it shrinks is
 * enlarged by dividing the weights by the stretch they gave (Yoshizawa, Belyaev and Seidel 2004), which folds nothing
 * either.
 */
import { faceNeighbours } from '../mesh.ts'
import { type Neighbours, neighboursOf, nestedDissection, share, solveMeans } from './means.ts'

/** A disc, its vertices numbered for itself. */
interface Disc {
  /** [n, 3], world units. */
  readonly positions: Float32Array
  /** [m, 3], anticlockwise seen from outside. */
  readonly triangles: Uint32Array
}

interface FlattenOptions {
  /** Width over height of the square that the border is laid on. */
  readonly aspect: number
  /** The world's direction that points up in the map. */
  readonly up: readonly [number, number, number]
}

/** The border's shape, |x|^p + |y|^p = 1: nearly the whole of its square, and strictly convex, as Tutte asks. */
const SQUARENESS = 4
/** Stretch that is as bad as any. */
const MOST_STRETCH = 10
/** Mean value weights grow without bound where an angle nears 180 degrees. */
const MOST_TANGENT = 20

export interface Flat {
  /** [n, 2] in 0..1 of the rounded square's own box, v up. */
  readonly uv: Float32Array
  /** [n] how many times longer the surface is than its map at each vertex, at most {@link MOST_STRETCH}; 1 on the mean. */
  readonly stretch: Float64Array
}

export function flatten(disc: Disc, options: FlattenOptions): Flat {
  const count = disc.positions.length / 3
  const border = layBorder(disc, options)
  const fixed = new Uint8Array(count)
  const uv = new Float64Array(2 * count)
  for (const [vertex, u, v] of border) {
    fixed[vertex] = 1
    uv[2 * vertex] = u
    uv[2 * vertex + 1] = v
  }
  const weights = meanValues(disc)
  const inner = Uint32Array.from({ length: count }, (_, vertex) => vertex).filter((vertex) => !fixed[vertex])
  const order = nestedDissection(weights, disc.positions, inner)
  solveMeans(weights, order, uv, 2)
  const first = stretchOf(disc, uv)
  const even = uv.slice()
  // Once: a second time hardly evens out more, and then less.
  weights.columns.forEach((neighbour, at) => {
    weights.values[at] /= first.vertices[neighbour]
  })
  share(weights)
  solveMeans(weights, order, even, 2)
  const second = stretchOf(disc, even)
  const isBetter = second.folds === 0 && second.whole < first.whole
  const { aspect } = options
  return {
    uv: Float32Array.from(isBetter ? even : uv, (value, i) => ((i % 2 === 0 ? value / aspect : value) + 1) / 2),
    stretch: isBetter ? second.vertices : first.vertices,
  }
}

/** The border's vertices in order, anticlockwise, each with its place: u in -aspect..aspect, v in -1..1. */
function layBorder({ positions, triangles }: Disc, { aspect, up }: FlattenOptions): [number, number, number][] {
  const count = positions.length / 3
  const following = new Int32Array(count).fill(-1)
  faceNeighbours(triangles).forEach((beyond, corner) => {
    if (beyond < 0) following[triangles[corner]] = triangles[corner % 3 === 2 ? corner - 2 : corner + 1]
  })
  const loop: number[] = []
  for (let vertex = following.findIndex((to) => to >= 0); loop[0] !== vertex; vertex = following[vertex]) {
    loop.push(vertex)
    if (loop.length > count)
      throw new Error('These triangles are no disc: nothing, or more than one thing, is their border.')
  }
  // Top and bottom are where the middle of the disc leaves it: along `up`, least to the side.
  const place = (vertex: number) => positions.subarray(3 * vertex, 3 * vertex + 3)
  const height = (vertex: number) => up.reduce((sum, value, k) => sum + value * place(vertex)[k], 0)
  const middle = loop.reduce((sum, vertex) => sum + place(vertex)[0], 0) / loop.length
  const most = (rate: (vertex: number) => number) =>
    loop.reduce((best, vertex, i) => (rate(vertex) > rate(loop[best]) ? i : best), 0)
  const top = most((vertex) => height(vertex) - 2 * Math.abs(place(vertex)[0] - middle))
  const rest = (i: number) => loop[(top + i) % loop.length]
  let bottom =
    (most((vertex) => -height(vertex) - 2 * Math.abs(place(vertex)[0] - middle)) - top + loop.length) % loop.length
  if (bottom === 0) bottom = loop.length >> 1

  const lengths = loop.map((_, i) => Math.hypot(...[0, 1, 2].map((k) => place(rest(i + 1))[k] - place(rest(i))[k])))
  const sum = (from: number, to: number) => lengths.slice(from, to).reduce((a, b) => a + b, 0)
  const halves = [sum(0, bottom), sum(bottom, loop.length)]
  const outline = roundedSquare(aspect)
  let gone = 0
  return loop.map((_, i) => {
    if (i === bottom) gone = 0
    // From the top, anticlockwise, a half of the outline to the bottom and the other half back.
    const share = i < bottom ? gone / halves[0] / 2 : 0.5 + gone / halves[1] / 2
    gone += lengths[i]
    return [rest(i), ...outline(share)]
  })
}

/** The outline by the share of its length gone from its top, anticlockwise. */
function roundedSquare(aspect: number): (share: number) => [number, number] {
  const steps = 4096
  const power = (x: number) => Math.sign(x) * Math.abs(x) ** (2 / SQUARENESS)
  const points = Array.from({ length: steps + 1 }, (_, i) => {
    const angle = Math.PI / 2 + (2 * Math.PI * i) / steps
    return [aspect * power(Math.cos(angle)), power(Math.sin(angle))] as [number, number]
  })
  const gone = [0]
  for (let i = 1; i <= steps; i++) {
    gone.push(gone[i - 1] + Math.hypot(points[i][0] - points[i - 1][0], points[i][1] - points[i - 1][1]))
  }
  return (share) => {
    const wanted = share * gone[steps]
    let [low, high] = [0, steps]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (gone[middle] <= wanted) low = middle
      else high = middle
    }
    const part = (wanted - gone[low]) / (gone[high] - gone[low])
    return [0, 1].map((k) => points[low][k] + part * (points[high][k] - points[low][k])) as [number, number]
  }
}

/** Floater's weights (2003). */
function meanValues({ positions, triangles }: Disc): Neighbours {
  const [a, b] = [new Float64Array(3), new Float64Array(3)]
  const side = (from: number, to: number, into: Float64Array): number => {
    for (let axis = 0; axis < 3; axis++) into[axis] = positions[3 * to + axis] - positions[3 * from + axis]
    return Math.sqrt(into[0] ** 2 + into[1] ** 2 + into[2] ** 2) || 1e-9
  }
  return neighboursOf(positions.length / 3, triangles, (vertex, neighbour, third) => {
    const [lengthA, lengthB] = [side(vertex, neighbour, a), side(vertex, third, b)]
    const cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (lengthA * lengthB)
    // tan(angle / 2)
    const tangent = Math.min(MOST_TANGENT, Math.sqrt(Math.max(1e-6, 1 - cosine) / Math.max(1e-6, 1 + cosine)))
    return tangent / lengthA
  })
}

/**
 * How much longer the surface is than its map, root mean square (Sander et al. 2001): for each vertex, and over the whole
 * surface, both in relation to a map that stretches nothing.
 */
function stretchOf({ positions, triangles }: Disc, uv: Float64Array) {
  const count = positions.length / 3
  const own = new Float64Array(triangles.length / 3)
  const squares = new Float64Array(triangles.length / 3)
  let [area, flat, folds] = [0, 0, 0]
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [triangles[at], triangles[at + 1], triangles[at + 2]]
    const [u1, v1] = [uv[2 * b] - uv[2 * a], uv[2 * b + 1] - uv[2 * a + 1]]
    const [u2, v2] = [uv[2 * c] - uv[2 * a], uv[2 * c + 1] - uv[2 * a + 1]]
    const twice = u1 * v2 - u2 * v1
    if (twice <= 0) folds++
    let [ee, ef, ff, both] = [0, 0, 0, 0]
    for (let k = 0; k < 3; k++) {
      const e = positions[3 * b + k] - positions[3 * a + k]
      const f = positions[3 * c + k] - positions[3 * a + k]
      ee += e * e
      ef += e * f
      ff += f * f
      // Derivatives of the surface along u and v.
      both += (e * v2 - f * v1) ** 2 + (f * u1 - e * u2) ** 2
    }
    own[at / 3] = Math.sqrt(Math.max(0, ee * ff - ef * ef)) / 2
    squares[at / 3] = both / 2 / Math.max(twice * twice, 1e-24)
    area += own[at / 3]
    flat += Math.abs(twice) / 2
  }
  const sums = new Float64Array(count)
  const areas = new Float64Array(count)
  let total = 0
  for (let at = 0; at < triangles.length; at++) {
    const t = Math.trunc(at / 3)
    // A sliver counts no more than what is merely bad.
    const square = Math.min((squares[t] * flat) / area, MOST_STRETCH ** 2)
    sums[triangles[at]] += own[t] * square
    areas[triangles[at]] += own[t]
    total += (own[t] * square) / 3
  }
  const vertices = sums.map((sum, i) => (areas[i] > 0 ? Math.sqrt(sum / areas[i]) : 1))
  return { vertices, whole: Math.sqrt(total / area), folds }
}
