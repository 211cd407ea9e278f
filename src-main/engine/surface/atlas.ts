/**
 * A flat map of a surface for its texture: charts seen along the six axes, each without overlaps, packed into a square.
 * A face, seen from the front, stays in one upright piece, which is what someone who paints on the texture wants.
 */
import { Atlas as Packer, Initialize as startPacker } from 'watlas'
import type { Mesh } from './mesh.ts'
import { eachTexel } from './texels.ts'

export interface Atlas {
  /** [n, 2] in 0..1: u to the right, v up, (0, 0) the texture's lower left corner. */
  uvs: Float32Array
  /** For each corner of each triangle, in the mesh's order, its entry in `uvs`. */
  corners: Uint32Array
  charts: number
}

/** Free texels around a chart: bilinear sampling and two levels of a mip map stay inside its own border. */
const GUTTER = 4
/** Cosine between a triangle and the view of its chart below which its texels would be stretched too far. */
const STEEPEST = 0.15
/** A region of less than this share of the triangles joins its neighbours if it can. */
const SMALLEST = 1 / 500
/** The share of the square that charts usually fill, which tells the size of a texel before packing. */
const FILL = 0.7

/** The six directions a chart may be seen from, and what is then right and up: (axis, sign) each. */
const VIEWS: { out: [number, number]; right: [number, number]; up: [number, number] }[] = [
  { out: [2, 1], right: [0, 1], up: [1, 1] },
  { out: [2, -1], right: [0, -1], up: [1, 1] },
  { out: [0, 1], right: [2, -1], up: [1, 1] },
  { out: [0, -1], right: [2, 1], up: [1, 1] },
  { out: [1, 1], right: [0, 1], up: [2, -1] },
  { out: [1, -1], right: [0, 1], up: [2, 1] },
]

/** @param size side of the texture the atlas is for, texels: charts neither overlap in it nor touch */
export async function unwrap(mesh: Mesh, size: number): Promise<Atlas> {
  const normals = faceNormals(mesh)
  const neighbours = faceNeighbours(mesh.triangles)
  const views = chooseViews(normals, neighbours)
  const charts = growCharts(mesh, neighbours, views, size)
  return { uvs: await pack(charts), corners: charts.corners, charts: charts.count }
}

/** Unit normals of the triangles, [m, 3], with 0 for those without area. */
function faceNormals({ positions: p, triangles }: Mesh): Float32Array {
  const normals = new Float32Array(triangles.length)
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]]
    const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]]
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
    const length = Math.hypot(nx, ny, nz) || 1
    normals[t] = nx / length
    normals[t + 1] = ny / length
    normals[t + 2] = nz / length
  }
  return normals
}

/** For each corner, the triangle beyond the edge from it to the next corner, or -1. */
function faceNeighbours(triangles: Uint32Array): Int32Array {
  const vertices = triangles.reduce((most, vertex) => Math.max(most, vertex), 0) + 1
  const starts = new Uint32Array(vertices + 1)
  for (const vertex of triangles) starts[vertex + 1]++
  for (let v = 0; v < vertices; v++) starts[v + 1] += starts[v]
  const leaving = new Uint32Array(triangles.length)
  const fill = starts.slice()
  for (let corner = 0; corner < triangles.length; corner++) leaving[fill[triangles[corner]]++] = corner
  const following = (corner: number) => (corner % 3 === 2 ? corner - 2 : corner + 1)
  return Int32Array.from(triangles, (from, corner) => {
    const to = triangles[following(corner)]
    for (let n = starts[to]; n < starts[to + 1]; n++) {
      if (triangles[following(leaving[n])] === from) return Math.trunc(leaving[n] / 3)
    }
    return -1
  })
}

const facing = (normals: Float32Array, triangle: number, view: number): number =>
  normals[triangle * 3 + VIEWS[view].out[0]] * VIEWS[view].out[1]

function bestView(normals: Float32Array, triangle: number): number {
  let best = 0
  for (let view = 1; view < VIEWS.length; view++) {
    if (facing(normals, triangle, view) > facing(normals, triangle, best)) best = view
  }
  return best
}

/** The view each triangle is seen from: by its smoothed normal, so that regions are few and their borders quiet. */
function chooseViews(normals: Float32Array, neighbours: Int32Array): Uint8Array {
  const count = neighbours.length / 3
  let smoothed = normals
  for (let pass = 0; pass < 16; pass++) {
    smoothed = smoothed.map((value, n) => {
      const triangle = Math.trunc(n / 3)
      for (let k = 0; k < 3; k++) {
        const neighbour = neighbours[triangle * 3 + k]
        if (neighbour >= 0) value += smoothed[neighbour * 3 + (n % 3)]
      }
      return value / 4
    })
  }
  const views = new Uint8Array(count)
  for (let t = 0; t < count; t++) {
    const view = bestView(smoothed, t)
    views[t] = facing(normals, t, view) > STEEPEST ? view : bestView(normals, t)
  }

  // Small regions take the view most of their border looks at, where all their triangles can be seen from there.
  const regionOf = new Int32Array(count).fill(-1)
  for (let first = 0; first < count; first++) {
    if (regionOf[first] >= 0) continue
    const region = [first]
    regionOf[first] = first
    const around = new Array<number>(VIEWS.length).fill(0)
    for (const t of region) {
      for (let k = 0; k < 3; k++) {
        const neighbour = neighbours[t * 3 + k]
        if (neighbour < 0) continue
        if (views[neighbour] !== views[first]) around[views[neighbour]]++
        else if (regionOf[neighbour] < 0) {
          regionOf[neighbour] = first
          region.push(neighbour)
        }
      }
    }
    if (region.length > count * SMALLEST) continue
    const wished = around.indexOf(Math.max(...around))
    if (around[wished] > 0 && region.every((t) => facing(normals, t, wished) > STEEPEST)) {
      for (const t of region) views[t] = wished
    }
  }
  return views
}

interface Charts {
  /** [n, 2] in texels, each chart in the frame of its view. */
  uvs: Float32Array
  /** For each corner of each triangle, its entry in `uvs`. */
  corners: Uint32Array
  chartOf: Uint32Array
  count: number
}

/**
 * Connected triangles of one view make a chart, until one would cover texels the chart has already (an ear in front of
 * a cheek): that one begins another chart.
 */
function growCharts({ positions, triangles }: Mesh, neighbours: Int32Array, views: Uint8Array, size: number): Charts {
  const flat = [0, 0, 0, 0, 0, 0]
  /** Projects triangle `t` into `flat`, scaled, and moved so that no coordinate is negative. */
  const flatten = (t: number, scale: number, shift: number) => {
    const { right, up } = VIEWS[views[t]]
    for (let k = 0; k < 3; k++) {
      const at = triangles[t * 3 + k] * 3
      flat[k * 2] = positions[at + right[0]] * right[1] * scale + shift
      flat[k * 2 + 1] = positions[at + up[0]] * up[1] * scale + shift
    }
  }
  const count = views.length
  let area = 0
  for (let t = 0; t < count; t++) {
    flatten(t, 1, 0)
    area += ((flat[2] - flat[0]) * (flat[5] - flat[1]) - (flat[4] - flat[0]) * (flat[3] - flat[1])) / 2
  }
  const scale = Math.sqrt((FILL * size ** 2) / area)
  const shift = scale * positions.reduce((most, p) => Math.max(most, Math.abs(p)), 0)

  const side = Math.ceil(2 * shift) + 1
  const covering = new Uint32Array(side ** 2)
  const uvs: number[] = []
  const corners = new Uint32Array(count * 3)
  const chartOf = new Uint32Array(count)
  const vertexChart = new Uint32Array(positions.length / 3)
  const vertexEntry = new Uint32Array(positions.length / 3)
  // Charts are numbered from 1: 0 is none.
  let chart = 0
  for (let first = 0; first < count; first++) {
    if (chartOf[first] > 0) continue
    chart++
    const members = [first]
    for (const t of members) {
      if (chartOf[t] > 0) continue
      flatten(t, scale, shift)
      let isCovered = false
      eachTexel(flat, 1e-6, (x, y) => {
        if (covering[y * side + x] === chart) isCovered = true
      })
      if (isCovered) continue
      eachTexel(flat, 1e-6, (x, y) => {
        covering[y * side + x] = chart
      })
      chartOf[t] = chart
      for (let k = 0; k < 3; k++) {
        const vertex = triangles[t * 3 + k]
        if (vertexChart[vertex] !== chart) {
          vertexChart[vertex] = chart
          vertexEntry[vertex] = uvs.length / 2
          uvs.push(flat[k * 2], flat[k * 2 + 1])
        }
        corners[t * 3 + k] = vertexEntry[vertex]
        const neighbour = neighbours[t * 3 + k]
        if (neighbour >= 0 && chartOf[neighbour] === 0 && views[neighbour] === views[t]) members.push(neighbour)
      }
    }
  }
  return { uvs: Float32Array.from(uvs), corners, chartOf, count: chart }
}

let packerStarted: Promise<void> | undefined

/** Lays the charts out in a square and returns their entries' places in it, 0..1. */
async function pack({ uvs, corners, chartOf }: Charts): Promise<Float32Array> {
  packerStarted ??= startPacker()
  await packerStarted
  const packer = new Packer()
  try {
    packer.addUvMesh({
      vertexUvData: uvs,
      vertexCount: uvs.length / 2,
      vertexStride: 8,
      indexData: corners,
      indexCount: corners.length,
      // The packer's charts are what is connected and of one material.
      faceMaterialData: chartOf,
    })
    packer.computeCharts({})
    packer.packCharts({ padding: GUTTER, texelsPerUnit: 1, rotateCharts: false, rotateChartsToAxis: false })
    const side = Math.max(packer.width, packer.height)
    const mesh = packer.getMesh(0)
    const placed = new Float32Array(uvs.length)
    for (let n = 0; n < mesh.vertexCount; n++) {
      const { uv, xref } = mesh.getVertex(n)
      placed[xref * 2] = uv[0] / side
      placed[xref * 2 + 1] = uv[1] / side
    }
    return placed
  } finally {
    packer.delete()
  }
}
