/**
 * Laying a disc of triangles flat: its border on a rounded square, every inner vertex at a mean of its neighbours with
 * positive weights. Such a map folds nowhere (Tutte 1963; Floater 2003, mean value coordinates). What it shrinks is
 * enlarged by dividing the weights by the stretch they gave (Yoshizawa, Belyaev and Seidel 2004), which folds nothing
 * either.
 */

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
/** Relative residual at which a system counts as solved, and the most steps to get there. */
const SOLVED = 1e-6
const MOST_STEPS = 2000
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
  const uv = new Float64Array(2 * count).fill(0)
  for (const [vertex, u, v] of border) {
    fixed[vertex] = 1
    uv[2 * vertex] = u
    uv[2 * vertex + 1] = v
  }
  const weights = meanValueWeights(disc)
  solve(weights, fixed, uv)
  const first = stretchOf(disc, uv)
  const even = uv.slice()
  // Once: a second time hardly evens out more, and then less.
  weights.columns.forEach((neighbour, at) => {
    weights.values[at] /= first.vertices[neighbour]
  })
  solve(weights, fixed, even)
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
  const edges = new Set<number>()
  const next = (corner: number) => triangles[corner % 3 === 2 ? corner - 2 : corner + 1]
  triangles.forEach((from, corner) => {
    edges.add(from * count + next(corner))
  })
  triangles.forEach((from, corner) => {
    if (!edges.has(next(corner) * count + from)) following[from] = next(corner)
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

/** Rows of a matrix: entries of row i lie at starts[i] .. starts[i + 1]. */
interface Rows {
  readonly starts: Uint32Array
  readonly columns: Uint32Array
  readonly values: Float64Array
}

function meanValueWeights({ positions, triangles }: Disc): Rows {
  const count = positions.length / 3
  const rows = Array.from({ length: count }, () => ({ columns: [] as number[], values: [] as number[] }))
  const add = (row: number, column: number, value: number) => {
    const { columns, values } = rows[row]
    const at = columns.indexOf(column)
    if (at >= 0) values[at] += value
    else {
      columns.push(column)
      values.push(value)
    }
  }
  const [a, b] = [new Float64Array(3), new Float64Array(3)]
  const side = (from: number, to: number, into: Float64Array): number => {
    for (let axis = 0; axis < 3; axis++) into[axis] = positions[3 * to + axis] - positions[3 * from + axis]
    return Math.hypot(into[0], into[1], into[2]) || 1e-9
  }
  for (let corner = 0; corner < triangles.length; corner++) {
    const first = corner - (corner % 3)
    const [i, j, k] = [triangles[corner], triangles[first + ((corner + 1) % 3)], triangles[first + ((corner + 2) % 3)]]
    const [lengthA, lengthB] = [side(i, j, a), side(i, k, b)]
    const cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (lengthA * lengthB)
    // tan(angle / 2)
    const tangent = Math.min(MOST_TANGENT, Math.sqrt(Math.max(1e-6, 1 - cosine) / Math.max(1e-6, 1 + cosine)))
    add(i, j, tangent / lengthA)
    add(i, k, tangent / lengthB)
  }
  const starts = new Uint32Array(count + 1)
  rows.forEach(({ columns }, i) => {
    starts[i + 1] = starts[i] + columns.length
  })
  const columns = new Uint32Array(starts[count])
  const values = new Float64Array(starts[count])
  rows.forEach((row, i) => {
    columns.set(row.columns, starts[i])
    values.set(row.values, starts[i])
  })
  return { starts, columns, values }
}

/**
 * Moves every vertex that is not fixed to the mean of its neighbours: BiCGSTAB (van der Vorst 1992) on the rows divided
 * by their sums, for both coordinates beside each other.
 */
function solve({ starts, columns, values }: Rows, fixed: Uint8Array, uv: Float64Array): void {
  const count = fixed.length
  const shares = values.slice()
  for (let i = 0; i < count; i++) {
    let sum = 0
    for (let at = starts[i]; at < starts[i + 1]; at++) sum += values[at]
    for (let at = starts[i]; at < starts[i + 1]; at++) shares[at] /= sum
  }
  /** out = x - mean of the neighbours' x, 0 at fixed vertices. */
  const apply = (x: Float64Array, out: Float64Array) => {
    for (let i = 0; i < count; i++) {
      let [u, v] = [0, 0]
      if (!fixed[i]) {
        u = x[2 * i]
        v = x[2 * i + 1]
        for (let at = starts[i]; at < starts[i + 1]; at++) {
          const neighbour = 2 * columns[at]
          u -= shares[at] * x[neighbour]
          v -= shares[at] * x[neighbour + 1]
        }
      }
      out[2 * i] = u
      out[2 * i + 1] = v
    }
  }
  const dot = (a: Float64Array, b: Float64Array, axis: number) => {
    let sum = 0
    for (let i = axis; i < a.length; i += 2) sum += a[i] * b[i]
    return sum
  }
  const [r, v, p, s, t] = Array.from({ length: 5 }, () => new Float64Array(2 * count))
  apply(uv, r)
  for (let i = 0; i < r.length; i++) r[i] = -r[i]
  const shadow = r.slice()
  const state = [0, 1].map((axis) => ({ axis, rho: 1, alpha: 1, omega: 1, isOpen: true }))
  const goal = SOLVED ** 2 * count
  for (let step = 0; step < MOST_STEPS; step++) {
    for (const one of state) {
      const { axis } = one
      one.isOpen &&= dot(r, r, axis) > goal
      if (!one.isOpen) continue
      const rho = dot(shadow, r, axis)
      const beta = (rho / one.rho) * (one.alpha / one.omega)
      one.rho = rho
      for (let i = axis; i < r.length; i += 2) p[i] = r[i] + beta * (p[i] - one.omega * v[i])
    }
    if (!state.some(({ isOpen }) => isOpen)) break
    apply(p, v)
    for (const one of state) {
      if (!one.isOpen) continue
      one.alpha = one.rho / dot(shadow, v, one.axis)
      for (let i = one.axis; i < r.length; i += 2) s[i] = r[i] - one.alpha * v[i]
    }
    apply(s, t)
    for (const one of state) {
      if (!one.isOpen) continue
      one.omega = dot(t, s, one.axis) / (dot(t, t, one.axis) || 1)
      for (let i = one.axis; i < r.length; i += 2) {
        uv[i] += one.alpha * p[i] + one.omega * s[i]
        r[i] = s[i] - one.omega * t[i]
      }
    }
  }
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
