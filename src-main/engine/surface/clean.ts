/** From everything that lies on the level to the one closed surface that is wanted: its main part, smoother, lighter. */
import { MeshoptSimplifier } from 'meshoptimizer'
import { DisjointSets } from './disjoint-sets.ts'
import { compact, faceNeighbours, type Mesh, sixfoldVolume } from './mesh.ts'
import { vertexNormals } from './normals.ts'

/**
 * The part connected across edges that encloses most; what hangs at a single vertex is another one. Floaters enclose less,
 * and hollows inside, facing inwards, less than nothing.
 */
export function largestComponent({ positions, triangles }: Mesh): Mesh {
  const count = triangles.length / 3
  const parts = new DisjointSets(count)
  faceNeighbours(triangles).forEach((beyond, corner) => {
    if (beyond >= 0) parts.join(beyond, Math.trunc(corner / 3))
  })
  const volumes = new Float64Array(count)
  for (let t = 0; t < count; t++) volumes[parts.rootOf(t)] += sixfoldVolume(positions, triangles, 3 * t)
  const main = volumes.indexOf(volumes.reduce((most, volume) => Math.max(most, volume)))
  return compact(
    positions,
    triangles.filter((_, at) => parts.rootOf(Math.trunc(at / 3)) === main),
  )
}

// Taubin (1995): a step in, then a slightly larger step out; together they pass what is wider than about ten edges.
const IN = 0.5
const OUT = 1 / (0.1 - 1 / IN)

/** Moves each vertex of a closed mesh towards its neighbours' mean and back, `passes` times: less noise, same volume. */
export function smooth({ positions, triangles }: Mesh, passes: number): Mesh {
  const moved = positions.slice()
  const sums = new Float32Array(positions.length)
  const neighbours = new Uint32Array(positions.length / 3)
  for (const vertex of triangles) neighbours[vertex]++
  for (const step of Array.from({ length: passes }).flatMap(() => [IN, OUT])) {
    sums.fill(0)
    for (let t = 0; t < triangles.length; t++) {
      // In a closed mesh every edge leaves each of its ends once, so this meets every neighbour once.
      const from = triangles[t] * 3
      const to = triangles[t % 3 === 2 ? t - 2 : t + 1] * 3
      sums[from] += moved[to]
      sums[from + 1] += moved[to + 1]
      sums[from + 2] += moved[to + 2]
    }
    for (let n = 0; n < moved.length; n++) {
      moved[n] += step * (sums[n] / neighbours[Math.trunc(n / 3)] - moved[n])
    }
  }
  return { positions: moved, triangles }
}

/** How much a normal that turns counts against a vertex that moves, at the front; at the back of the head less. */
const NORMALS = 0.25
const BACK = 0.1

/**
 * The mesh with about `target` triangles (no fewer than its shape needs to stay what it is), closed if it was closed. They
 * are kept where the surface bends, and more of them at the front, +z, where the face is.
 */
export async function simplify(mesh: Mesh, target: number): Promise<Mesh> {
  if (target * 3 >= mesh.triangles.length) return mesh
  await MeshoptSimplifier.ready
  const { positions, triangles } = mesh
  const normals = vertexNormals(mesh)
  let [back, front] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let at = 2; at < positions.length; at += 3) {
    back = Math.min(back, positions[at])
    front = Math.max(front, positions[at])
  }
  const weighed = normals.map((value, i) => {
    const z = positions[i - (i % 3) + 2]
    const share = Math.max(0, (2 * z - front - back) / (front - back))
    return value * (BACK + (1 - BACK) * share)
  })
  const weights = [NORMALS, NORMALS, NORMALS]
  const [kept] = MeshoptSimplifier.simplifyWithAttributes(
    ...([triangles, positions, 3, weighed, 3, weights, null, target * 3, 1] as const),
  )
  // What hung by a pinched neck may be two triangles back to back, all by themselves.
  return largestComponent(separate(positions, kept))
}

/** Triangles of a remeshed head, in squares of its resolution: what its area comes to. */
const TRIANGLES_A_SQUARE = 4.5
/** Times that the resolution is corrected by what came out. */
const CORRECTIONS = 2

/**
 * About `target` triangles of one size and shape, as animating and sculpting want them: nearly every vertex has five to seven
 * neighbours. The surface is taken anew from a lattice (meshoptimizer's remesher), so what is finer than a triangle is
 * lost to it, and left to the normal map.
 */
export async function remesh({ positions, triangles }: Mesh, target: number): Promise<Mesh> {
  await MeshoptSimplifier.ready
  let resolution = Math.sqrt(target / TRIANGLES_A_SQUARE)
  let corners = MeshoptSimplifier.remesh(triangles, positions, 3, Math.round(resolution))
  for (let n = 0; n < CORRECTIONS; n++) {
    resolution *= Math.sqrt((9 * target) / corners.length)
    corners = MeshoptSimplifier.remesh(triangles, positions, 3, Math.round(resolution))
  }
  const joined = Uint32Array.from(MeshoptSimplifier.generatePositionRemap(corners, 3))
  return largestComponent(separate(corners, joined))
}

/**
 * A collapse may pinch a narrow neck into one edge with four triangles. Two of them that lie back to back are taken
 * away; two that do not get an edge of their own, bent through a new vertex in its middle, which changes no shape.
 */
function separate(positions: Float32Array, triangles: Uint32Array): Mesh {
  const corners = [...positions]
  let list = [...triangles]
  for (let shared = sharedEdges(list); shared.length > 0; shared = sharedEdges(list)) {
    const dropped = new Set<number>()
    for (const [a, b] of shared) {
      const along = trianglesAlong(list, a, b)
      const against = trianglesAlong(list, b, a)
      while (along.length > 1) {
        const p = along.pop() as { triangle: number; tip: number }
        const twin = against.findIndex(({ tip }) => tip === p.tip)
        const [q] = against.splice(twin >= 0 ? twin : against.length - 1, 1)
        if (twin >= 0) {
          dropped.add(p.triangle).add(q.triangle)
          list.fill(0, p.triangle, p.triangle + 3).fill(0, q.triangle, q.triangle + 3)
          continue
        }
        const middle = corners.length / 3
        for (let k = 0; k < 3; k++) corners.push((corners[a * 3 + k] + corners[b * 3 + k]) / 2)
        list.splice(p.triangle, 3, a, middle, p.tip)
        list.splice(q.triangle, 3, b, middle, q.tip)
        list.push(middle, b, p.tip, middle, a, q.tip)
      }
    }
    list = list.filter((_, at) => !dropped.has(at - (at % 3)))
  }
  return compact(Float32Array.from(corners), Uint32Array.from(list))
}

/** The edges, as pairs of vertices, along which more than one triangle runs in the same direction. */
function sharedEdges(triangles: number[]): [number, number][] {
  const shared: [number, number][] = []
  const following = (corner: number) => triangles[corner % 3 === 2 ? corner - 2 : corner + 1]
  /** The last corner met at each vertex, and before each corner the one met before it, from 1. */
  const last = new Int32Array(triangles.reduce((most, vertex) => Math.max(most, vertex), 0) + 1)
  const before = new Int32Array(triangles.length)
  for (let corner = 0; corner < triangles.length; corner++) {
    const [from, to] = [triangles[corner], following(corner)]
    before[corner] = last[from]
    last[from] = corner + 1
    if (from > to) continue
    let other = before[corner]
    while (other > 0 && following(other - 1) !== to) other = before[other - 1]
    if (other > 0) shared.push([from, to])
  }
  return shared
}

/** The triangles that run from `a` to `b`: where they begin in the list, and their third vertex. */
function trianglesAlong(triangles: number[], a: number, b: number): { triangle: number; tip: number }[] {
  const found: { triangle: number; tip: number }[] = []
  for (let t = 0; t < triangles.length; t++) {
    const first = t - (t % 3)
    if (triangles[t] === a && triangles[first + ((t + 1) % 3)] === b) {
      found.push({ triangle: first, tip: triangles[first + ((t + 2) % 3)] })
    }
  }
  return found
}
