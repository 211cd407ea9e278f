/**
 * A flat map of a head's surface for its texture: face and front of the neck in one upright chart that takes half of the
 * square, the back of the head, the two sides of the bust and its bottom each in one of their own, always in the same
 * places.
 */
import { type Chart, cutCharts, type Part } from './charts.ts'
import { flatten } from './flatten.ts'
import type { Mesh } from '../mesh.ts'

export interface Atlas {
  /** [n, 2] in 0..1: u to the right, v up, (0, 0) the texture's lower left corner. */
  uvs: Float32Array
  /** For each corner of each triangle, in the mesh's order, its entry in `uvs`. */
  corners: Uint32Array
  charts: number
}

/** Free texels between charts at the atlas's size: bilinear sampling and two levels of a mip map stay inside their own. */
export const GUTTER = 4

/** A chart's place in the texture, in shares of its side, and which way is up in it. */
interface Place extends Part {
  readonly box: readonly [left: number, bottom: number, right: number, top: number]
  readonly up: readonly [number, number, number]
}

/** Behind this, world units, is the back of the head; behind the ears. */
const BACK = -0.06
/** Where the neck ends: below the first everything is bust, below the second what lies this far to its side. */
const COLLAR = { bottom: -0.3, top: -0.18, side: 0.17 }
/** The bust is cut this near above its lowest point. */
const CUT = 0.01

/** Charts that nobody planned, the seams of handles, share this box. */
const REST: Place['box'] = [0.64, 0.4, 1, 0.5]

/** @param size side of the texture the atlas is for, texels */
export function unwrap(mesh: Mesh, size: number): Atlas {
  const places = placesFor(mesh)
  const charts = cutCharts(mesh, places)
  const rest = charts.filter(({ part }) => part < 0)
  const columns = Math.ceil(Math.sqrt((rest.length * (REST[2] - REST[0])) / (REST[3] - REST[1])))
  const rows = Math.ceil(rest.length / columns)
  const [width, height] = [(REST[2] - REST[0]) / columns, (REST[3] - REST[1]) / rows]

  const uvs: number[] = []
  const corners = new Uint32Array(mesh.triangles.length)
  for (const chart of charts) {
    const n = rest.indexOf(chart)
    const [left, bottom] = [REST[0] + (n % columns) * width, REST[1] + Math.trunc(n / columns) * height]
    const place = n < 0 ? places[chart.part] : { box: [left, bottom, left + width, bottom + height], up: [0, 1, 0] as const }
    addChart(mesh, chart, place, GUTTER / 2 / size, uvs, corners)
  }
  return { uvs: Float32Array.from(uvs), corners, charts: charts.length }
}

function placesFor({ positions }: Mesh): Place[] {
  let lowest = Number.POSITIVE_INFINITY
  for (let at = 1; at < positions.length; at += 3) lowest = Math.min(lowest, positions[at])
  const isBust = (x: number, y: number) => y < COLLAR.bottom || (y < COLLAR.top && Math.abs(x) > COLLAR.side)
  const isCut = (y: number) => y < lowest + CUT
  const up = [0, 1, 0] as const
  return [
    { seed: [0, 0, 1], has: (x, y, z) => z > BACK && !isBust(x, y), box: [0, 0.2, 0.64, 1], up },
    { seed: [0, 0, -1], has: (x, y, z) => z <= BACK && !isBust(x, y), box: [0.64, 0.5, 1, 1], up },
    { seed: [0, -0.35, 1], has: (x, y, z) => z > BACK && isBust(x, y) && !isCut(y), box: [0, 0, 0.5, 0.2], up },
    { seed: [0, -0.35, -1], has: (x, y, z) => z <= BACK && isBust(x, y) && !isCut(y), box: [0.5, 0, 1, 0.2], up },
    { seed: [0, -1, BACK], has: (_, y) => isCut(y), box: [0.64, 0.2, 1, 0.4], up: [0, 0, 1] },
  ]
}

/** Lays a chart into its box, `margin` from its edges, and appends its entries. */
function addChart(
  mesh: Mesh,
  { triangles }: Chart,
  { box: [left, bottom, right, top], up }: Pick<Place, 'up'> & { box: readonly number[] },
  margin: number,
  uvs: number[],
  corners: Uint32Array,
): void {
  const numbers = new Map<number, number>()
  const vertices: number[] = []
  const numbered = Uint32Array.from({ length: triangles.length * 3 }, (_, i) => {
    const vertex = mesh.triangles[triangles[Math.trunc(i / 3)] * 3 + (i % 3)]
    const known = numbers.get(vertex)
    if (known !== undefined) return known
    numbers.set(vertex, vertices.length)
    return vertices.push(vertex) - 1
  })
  const positions = Float32Array.from({ length: vertices.length * 3 }, (_, i) => {
    return mesh.positions[vertices[Math.trunc(i / 3)] * 3 + (i % 3)]
  })
  const flat = flatten({ positions, triangles: numbered }, { aspect: (right - left) / (top - bottom), up })
  const first = uvs.length / 2
  numbered.forEach((vertex, i) => {
    corners[triangles[Math.trunc(i / 3)] * 3 + (i % 3)] = first + vertex
  })
  for (let n = 0; n < flat.length; n += 2) {
    uvs.push(left + margin + flat[n] * (right - left - 2 * margin), bottom + margin + flat[n + 1] * (top - bottom - 2 * margin))
  }
}
