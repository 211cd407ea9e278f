/** Cutting a closed surface into charts: pieces without holes, each of which can be laid flat in one piece. */
import type { Mesh } from '../mesh.ts'

export interface Chart {
  /** Numbers of its triangles. */
  readonly triangles: Uint32Array
  /** Which of the wanted parts it is; -1 for what none of them reached. */
  readonly part: number
}

/** Part of a surface that becomes one chart where it is connected. */
export interface Part {
  /** Where it begins: at the triangle nearest to it. */
  readonly seed: readonly [number, number, number]
  /** Whether a point is in it. */
  has(x: number, y: number, z: number): boolean
}

/**
 * Each part grows from its seed, triangle by triangle, and stays a disc: a triangle joins where the border goes on being
 * one simple loop. What the parts left over, islands behind their borders, goes to the part that reaches it; only the
 * seams that a handle needs become charts of their own.
 */
export function cutCharts({ positions, triangles }: Mesh, parts: readonly Part[]): Chart[] {
  const count = triangles.length / 3
  const neighbours = faceNeighbours(triangles)
  const centres = new Float32Array(triangles.length)
  triangles.forEach((vertex, corner) => {
    for (let k = 0; k < 3; k++) centres[Math.trunc(corner / 3) * 3 + k] += positions[vertex * 3 + k] / 3
  })
  const chartOf = new Int32Array(count).fill(-1)
  const vertexCharts: Set<number>[] = Array.from({ length: positions.length / 3 }, () => new Set())

  const grow = (chart: number, seeds: readonly number[], isWanted: (t: number) => boolean) => {
    const waiting = [...seeds]
    for (const t of waiting) {
      if (chartOf[t] >= 0 || !isWanted(t)) continue
      const shared = [0, 1, 2].filter((k) => chartOf[neighbours[t * 3 + k]] === chart)
      // The corner across from the only shared edge must be new, or the border would meet itself there.
      const across = triangles[t * 3 + ((shared[0] + 2) % 3)]
      if (shared.length === 1 && vertexCharts[across].has(chart)) continue
      chartOf[t] = chart
      for (let k = 0; k < 3; k++) {
        vertexCharts[triangles[t * 3 + k]].add(chart)
        const beyond = neighbours[t * 3 + k]
        if (beyond >= 0 && chartOf[beyond] < 0) waiting.push(beyond)
      }
    }
  }
  const borderOf = (chart: number) => {
    const beyond: number[] = []
    neighbours.forEach((there, corner) => {
      if (there >= 0 && chartOf[Math.trunc(corner / 3)] === chart && chartOf[there] < 0) beyond.push(there)
    })
    return beyond
  }

  parts.forEach(({ seed, has }, part) => {
    let [nearest, least] = [-1, Number.POSITIVE_INFINITY]
    const isWanted = (t: number) => has(centres[t * 3], centres[t * 3 + 1], centres[t * 3 + 2])
    for (let t = 0; t < count; t++) {
      const distance = seed.reduce((sum, value, k) => sum + (centres[t * 3 + k] - value) ** 2, 0)
      if (distance < least && chartOf[t] < 0 && isWanted(t)) [nearest, least] = [t, distance]
    }
    if (nearest >= 0) grow(part, [nearest], isWanted)
  })
  parts.forEach((_, part) => {
    grow(part, borderOf(part), () => true)
  })
  let charts = parts.length
  for (let t = 0; t < count; t++) if (chartOf[t] < 0) grow(charts++, [t], () => true)

  const lists: number[][] = Array.from({ length: charts }, () => [])
  chartOf.forEach((chart, t) => {
    lists[chart].push(t)
  })
  return lists
    .map((list, chart) => ({ triangles: Uint32Array.from(list), part: chart < parts.length ? chart : -1 }))
    .filter(({ triangles }) => triangles.length > 0)
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
