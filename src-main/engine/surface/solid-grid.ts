/** How far each place inside a closed mesh is from the outside, on a grid. */
import type { Mesh } from './mesh.ts'
import { eachTexel } from './texture/texels.ts'

/** Samples along the mesh's longest side. */
const SAMPLES = 192
/** Samples of air around it. */
const BORDER = 2
/** Columns of samples stand beside the mesh's own coordinates, so that they meet no edge. */
const ASIDE = [0.437_1, 0.561_3] as const

export class DistanceGrid {
  /** Between samples, the mesh's units. */
  readonly cell: number
  /** Corners of what it knows. */
  readonly low: [number, number, number]
  readonly high: [number, number, number]
  private readonly counts: readonly [number, number, number]
  /** 0 outside; inside more, and infinite until distances are asked for: squared, in samples. */
  private readonly squares: Float64Array
  private known: Float32Array | undefined

  constructor({ positions, triangles }: Mesh) {
    const [least, most] = [Math.min, Math.max].map((pick) =>
      [0, 1, 2].map((k) => positions.reduce((best, p, i) => (i % 3 === k ? pick(best, p) : best), positions[k])),
    )
    this.cell = Math.max(...most.map((value, k) => value - least[k])) / SAMPLES
    this.counts = least.map((value, k) => Math.ceil((most[k] - value) / this.cell) + 2 * BORDER) as [
      number,
      number,
      number,
    ]
    this.low = least.map((value) => value - (BORDER - 0.5) * this.cell) as [number, number, number]
    this.high = this.low.map((value, k) => value + (this.counts[k] - 1) * this.cell) as [number, number, number]
    this.squares = this.columns(positions, triangles)
  }

  /** Whether the nearest sample lies in the mesh. */
  isInside(px: number, py: number, pz: number): boolean {
    const { low, cell, counts, squares } = this
    const [i, j, k] = [px - low[0], py - low[1], pz - low[2]].map((along) => Math.round(along / cell))
    if (Math.min(i, j, k) < 0 || i >= counts[0] || j >= counts[1] || k >= counts[2]) return false
    return squares[(k * counts[1] + j) * counts[0] + i] > 0
  }

  /** Distance to the nearest place outside, the mesh's units, less than 0 outside. Linear between samples. */
  distance(px: number, py: number, pz: number): number {
    const { low, cell, counts } = this
    const distances = this.distances()
    const on = (p: number, k: number) => Math.min(Math.max((p - low[k]) / cell, 0), counts[k] - 1.001)
    const [x, y, z] = [on(px, 0), on(py, 1), on(pz, 2)]
    const [i, j, k] = [Math.floor(x), Math.floor(y), Math.floor(z)]
    const [a, b, c] = [x - i, y - j, z - k]
    const first = (k * counts[1] + j) * counts[0] + i
    const row = (at: number) => distances[at] * (1 - a) + distances[at + 1] * a
    const sheet = (at: number) => row(at) * (1 - b) + row(at + counts[0]) * b
    return sheet(first) * (1 - c) + sheet(first + counts[0] * counts[1]) * c
  }

  private distances(): Float32Array {
    if (this.known) return this.known
    const { squares, cell } = this
    const [width, height, depth] = this.counts
    along(squares, 1, width)
    along(squares, width, height)
    along(squares, width * height, depth)
    // What is nearest is a sample outside; the surface is half a cell before it.
    this.known = Float32Array.from(squares, (square) => (square > 0 ? cell * (Math.sqrt(square) - 0.5) : -cell / 2))
    return this.known
  }

  /** 0 outside, infinite inside: between the crossings of each column with the mesh. */
  private columns(positions: Float32Array, triangles: Uint32Array): Float64Array {
    const { low, cell } = this
    const [width, height, depth] = this.counts
    const crossings: { at: number; turn: number }[][] = Array.from({ length: width * height }, () => [])
    const on = (vertex: number, k: number) => (positions[3 * vertex + k] - low[k]) / cell
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = triangles.subarray(t, t + 3)
      const [x, y] = [0, 1].map((k) => (vertex: number) => on(vertex, k) + ASIDE[k])
      const area = (x(b) - x(a)) * (y(c) - y(a)) - (x(c) - x(a)) * (y(b) - y(a))
      // Seen from above, what looks up is anticlockwise; what looks down is met with its last corners exchanged.
      const [second, third] = area > 0 ? [b, c] : [c, b]
      eachTexel([x(a), y(a), x(second), y(second), x(third), y(third)], 0, (column, row, wb, wc) => {
        if (column < 0 || row < 0 || column >= width || row >= height) return
        const at = (1 - wb - wc) * on(a, 2) + wb * on(second, 2) + wc * on(third, 2)
        crossings[row * width + column].push({ at, turn: area > 0 ? -1 : 1 })
      })
    }
    const squares = new Float64Array(width * height * depth)
    crossings.forEach((column, place) => {
      column.sort((p, q) => p.at - q.at)
      let around = 0
      column.forEach(({ at, turn }, n) => {
        around += turn
        if (around <= 0) return
        const end = column[n + 1]?.at ?? at
        for (let k = Math.ceil(at); k < Math.min(end, depth); k++)
          squares[k * width * height + place] = Number.POSITIVE_INFINITY
      })
    })
    return squares
  }
}

/**
 * Squared distances along one axis, from squared distances across it: the lower envelope of parabolas (Felzenszwalb and
 * Huttenlocher 2012), in samples.
 */
function along(squares: Float64Array, stride: number, count: number): void {
  const line = new Float64Array(count)
  const roots = new Int32Array(count)
  const borders = new Float64Array(count + 1)
  for (let first = 0; first < squares.length; first++) {
    if (Math.floor(first / stride) % count !== 0) continue
    for (let i = 0; i < count; i++) line[i] = squares[first + i * stride]
    let last = -1
    for (let i = 0; i < count; i++) {
      if (line[i] === Number.POSITIVE_INFINITY) continue
      let from = Number.NEGATIVE_INFINITY
      while (last >= 0) {
        const root = roots[last]
        from = (line[i] + i * i - line[root] - root * root) / (2 * (i - root))
        if (from > borders[last]) break
        last--
      }
      if (last < 0) from = Number.NEGATIVE_INFINITY
      roots[++last] = i
      borders[last] = from
    }
    if (last < 0) continue
    borders[last + 1] = Number.POSITIVE_INFINITY
    for (let i = 0, at = 0; i < count; i++) {
      while (borders[at + 1] < i) at++
      squares[first + i * stride] = line[roots[at]] + (i - roots[at]) ** 2
    }
  }
}
