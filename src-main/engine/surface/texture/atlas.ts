/**
 * A flat map of a head's surface for its texture: face and front of the neck in one upright chart that takes half of the
 * square, the back of the head, the two sides of the bust and its bottom each in one of their own, always in the same
 * places. What would shrink to nothing in its chart, as a plait does, is cut off and gets two more.
 */
import type { Mesh } from '../mesh.ts'
import { type Chart, cutCharts } from './charts.ts'
import { type Flat, flatten } from './flatten.ts'

export interface Atlas {
  /** [n, 2] in 0..1: u to the right, v up, (0, 0) the texture's lower left corner. */
  uvs: Float32Array
  /** For each corner of each triangle, in the mesh's order, its entry in `uvs`. */
  corners: Uint32Array
  charts: number
}

/** Least texels between two charts: what a filter takes from beyond a chart's border is its own colour. */
const GUTTER = 8

type Box = readonly [left: number, bottom: number, right: number, top: number]

/** Where in the texture a chart of each part lies, in shares of its side; what has no place shares {@link REST}. */
const BOXES: readonly Box[] = [
  [0, 0.2, 0.64, 1],
  [0, 0, 0.5, 0.2],
  [0.5, 0, 1, 0.2],
]
const [FACE, CHEST, SHOULDERS, BACK, BOTTOM, FIRST_FREE] = [0, 1, 2, 3, 4, 5]
const REST: Box = [0.64, 0.2, 1, 1]
/** The bottom is worth this share of the texels that others of its size get. */
const BOTTOM_WORTH = 0.3

/** Behind this, world units, is the back of the head: behind the ears. */
const EARS = -0.06
/** Where the neck ends: below the first everything is bust, below the second what lies this far to its side. */
const COLLAR = { bottom: -0.3, top: -0.18, side: 0.17 }
/** The bust is cut this near above its lowest point. */
const CUT = 0.01
/** What a chart shrinks by more than this is cut off, if it is more than this share of the triangles. */
const SHRUNK = { factor: 4, share: 1 / 400 }
/** How often what was cut off may be cut again. */
const ROUNDS = 3

/** @param size side of the texture the atlas is for, texels */
export function unwrap(mesh: Mesh, size: number): Atlas {
  const parts = partsOf(mesh)
  let laid = layOut(mesh, cutCharts(mesh, parts))
  for (let round = 0; round < ROUNDS && cutOffShrunk(mesh, laid, parts); round++) {
    laid = layOut(mesh, cutCharts(mesh, parts), laid)
  }
  const uvs = new Float32Array(2 * laid.reduce((sum, { chart }) => sum + chart.vertices.length, 0))
  const corners = new Uint32Array(mesh.triangles.length)
  let first = 0
  const margin = GUTTER / 2 / size
  for (const {
    chart,
    box: [left, bottom, right, top],
    flat,
  } of laid) {
    for (let i = 0; i < chart.corners.length; i++) {
      corners[3 * chart.triangles[Math.trunc(i / 3)] + (i % 3)] = first + chart.corners[i]
    }
    for (let n = 0; n < flat.uv.length; n += 2) {
      uvs[2 * first + n] = left + margin + flat.uv[n] * (right - left - 2 * margin)
      uvs[2 * first + n + 1] = bottom + margin + flat.uv[n + 1] * (top - bottom - 2 * margin)
    }
    first += chart.vertices.length
  }
  return { uvs, corners, charts: laid.length }
}

/** Which part each triangle's centre is in. */
function partsOf({ positions, triangles }: Mesh): Uint8Array {
  const lowest = positions.reduce((least, value, i) => (i % 3 === 1 && value < least ? value : least), Infinity)
  return Uint8Array.from({ length: triangles.length / 3 }, (_, t) => {
    const [a, b, c] = [3 * triangles[3 * t], 3 * triangles[3 * t + 1], 3 * triangles[3 * t + 2]]
    const x = (positions[a] + positions[b] + positions[c]) / 3
    const y = (positions[a + 1] + positions[b + 1] + positions[c + 1]) / 3
    const z = (positions[a + 2] + positions[b + 2] + positions[c + 2]) / 3
    if (y < lowest + CUT) return BOTTOM
    const isBust = y < COLLAR.bottom || (y < COLLAR.top && Math.abs(x) > COLLAR.side)
    if (isBust) return z > EARS ? CHEST : SHOULDERS
    return z > EARS ? FACE : BACK
  })
}

interface Laid {
  readonly chart: Chart
  readonly box: Box
  readonly flat: Flat
}

/** @param before what is the same in it is taken from there */
function layOut(mesh: Mesh, charts: readonly Chart[], before: readonly Laid[] = []): Laid[] {
  const areas = new Map(charts.map((chart) => [chart, areaOf(mesh, chart)]))
  const bySize = charts.toSorted((a, b) => areas.get(b)! - areas.get(a)!)
  const boxes = new Map<Chart, Box>()
  BOXES.forEach((box, part) => {
    const largest = bySize.find((chart) => chart.part === part)
    if (largest) boxes.set(largest, box)
  })
  const rest = bySize.filter((chart) => !boxes.has(chart))
  const worth = (chart: Chart) => areas.get(chart)! * (chart.part === BOTTOM ? BOTTOM_WORTH : 1)
  share(
    rest.map((chart) => [chart, worth(chart)]),
    REST,
    boxes,
  )
  return charts.map((chart) => {
    const box = boxes.get(chart)!
    const known = before.find(
      (other) => other.chart.part === chart.part && other.chart.triangles.length === chart.triangles.length,
    )
    if (known && known.box.join() === box.join()) return known
    const positions = Float32Array.from({ length: 3 * chart.vertices.length }, (_, i) => {
      return mesh.positions[3 * chart.vertices[Math.trunc(i / 3)] + (i % 3)]
    })
    const up = chart.part === BOTTOM ? ([0, 0, 1] as const) : ([0, 1, 0] as const)
    const aspect = (box[2] - box[0]) / (box[3] - box[1])
    return { chart, box, flat: flatten({ positions, triangles: chart.corners }, { aspect, up }) }
  })
}

/** Shares a box out by worth: cut across its longer side into two of about the same worth, and so on. */
function share(charts: readonly (readonly [Chart, number])[], box: Box, boxes: Map<Chart, Box>): void {
  if (charts.length === 0) return
  if (charts.length === 1) {
    boxes.set(charts[0][0], box)
    return
  }
  const whole = charts.reduce((sum, [, worth]) => sum + worth, 0)
  let [count, first] = [1, charts[0][1]]
  while (count < charts.length - 1 && first + charts[count][1] / 2 < whole / 2) first += charts[count++][1]
  const [left, bottom, right, top] = box
  const part = Math.min(0.98, Math.max(0.02, first / whole))
  const isWide = right - left > top - bottom
  const [x, y] = [left + part * (right - left), top - part * (top - bottom)]
  share(charts.slice(0, count), isWide ? [left, bottom, x, top] : [left, y, right, top], boxes)
  share(charts.slice(count), isWide ? [x, bottom, right, top] : [left, bottom, right, y], boxes)
}

function areaOf({ positions: p, triangles }: Mesh, chart: Chart): number {
  return chart.triangles.reduce((sum, t) => {
    const [a, b, c] = [3 * triangles[3 * t], 3 * triangles[3 * t + 1], 3 * triangles[3 * t + 2]]
    const [ex, ey, ez] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]]
    const [fx, fy, fz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]]
    return sum + Math.hypot(ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx) / 2
  }, 0)
}

/**
 * Gives what its chart shrinks too far parts of its own, its left half and its right, for a tube cannot be laid flat whole.
 * @returns whether there was anything
 */
function cutOffShrunk({ positions, triangles }: Mesh, laid: readonly Laid[], parts: Uint8Array): boolean {
  let free = parts.reduce((most, part) => Math.max(most, part + 1), FIRST_FREE)
  let isFound = false
  for (const { chart, flat } of laid) {
    const isShrunk = (corner: number) => flat.stretch[chart.corners[corner]] > SHRUNK.factor
    const shrunk = chart.triangles.filter((_, n) => isShrunk(3 * n) && isShrunk(3 * n + 1) && isShrunk(3 * n + 2))
    if (shrunk.length < SHRUNK.share * parts.length || free > 250) continue
    const middle = (t: number) => triangles.subarray(3 * t, 3 * t + 3).reduce((sum, v) => sum + positions[3 * v] / 3, 0)
    const centre = shrunk.reduce((sum, t) => sum + middle(t), 0) / shrunk.length
    for (const t of shrunk) parts[t] = middle(t) < centre ? free : free + 1
    free += 2
    isFound = true
  }
  return isFound
}
