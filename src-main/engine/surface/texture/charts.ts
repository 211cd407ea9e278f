/** Cutting a surface into charts: connected pieces, each opened along edges until it is a disc that can be laid flat. */
import { DisjointSets } from '../disjoint-sets.ts'
import { faceNeighbours, type Mesh } from '../mesh.ts'

/** A disc of triangles, its vertices numbered for itself: one on a cut has a number on either side. */
export interface Chart {
  /** The part that it was wanted for. */
  readonly part: number
  /** Numbers of its triangles in the mesh. */
  readonly triangles: Uint32Array
  /** For each corner of each of them its vertex in the chart. */
  readonly corners: Uint32Array
  /** For each vertex of the chart that of the mesh. */
  readonly vertices: Uint32Array
}

/** Passes that straighten the borders between parts. */
const STRAIGHTENING = 6
/** A piece of less than this share of the triangles joins what lies around it. */
const SMALLEST = 1 / 1000

/** @param parts [triangles] which part each is wanted in; changed where borders are straightened and islands joined */
export function cutCharts({ triangles }: Mesh, parts: Uint8Array): Chart[] {
  const neighbours = faceNeighbours(triangles)
  straighten(parts, neighbours)
  joinIslands(parts, neighbours)
  return pieces(parts, neighbours).map((piece) => open(piece, parts[piece[0]], triangles, neighbours))
}

/** A triangle with two neighbours in another part goes over to it: what it would be in a map is a sliver at the border. */
function straighten(parts: Uint8Array, neighbours: Int32Array): void {
  for (let pass = 0; pass < STRAIGHTENING; pass++) {
    for (let t = 0; t < parts.length; t++) {
      const own = parts[t]
      const a = parts[neighbours[3 * t]] ?? own
      const b = parts[neighbours[3 * t + 1]] ?? own
      const c = parts[neighbours[3 * t + 2]] ?? own
      if (a !== own && (a === b || a === c)) parts[t] = a
      else if (b !== own && b === c) parts[t] = b
    }
  }
}

function joinIslands(parts: Uint8Array, neighbours: Int32Array): void {
  for (const piece of pieces(parts, neighbours)) {
    // Of a closed surface two parts must be left: a ball has no border to lay down.
    if (piece.length > parts.length * SMALLEST || new Set(parts).size === 2) continue
    const own = parts[piece[0]]
    const beyond = new Map<number, number>()
    for (const t of piece) {
      for (let k = 0; k < 3; k++) {
        const part = parts[neighbours[3 * t + k]] ?? own
        if (part !== own) beyond.set(part, (beyond.get(part) ?? 0) + 1)
      }
    }
    const [most] = [...beyond].sort((a, b) => b[1] - a[1])
    if (most) for (const t of piece) parts[t] = most[0]
  }
}

/** Connected triangles of one part, breadth first. */
function pieces(parts: Uint8Array, neighbours: Int32Array): number[][] {
  const met = new Uint8Array(parts.length)
  const found: number[][] = []
  for (let first = 0; first < parts.length; first++) {
    if (met[first]) continue
    met[first] = 1
    const piece = [first]
    for (const t of piece) {
      for (let k = 0; k < 3; k++) {
        const there = neighbours[3 * t + k]
        if (there < 0 || met[there] || parts[there] !== parts[first]) continue
        met[there] = 1
        piece.push(there)
      }
    }
    found.push(piece)
  }
  return found
}

/**
 * Glues a piece's triangles along a tree first, which makes a disc of any piece, then zips up the cut wherever two of its
 * edges meet in one place. What stays cut are the ways between the piece's borders, and around its handles.
 */
function open(piece: readonly number[], part: number, triangles: Uint32Array, neighbours: Int32Array): Chart {
  /** For each of the mesh's triangles its number in the piece, or -1. */
  const places = new Int32Array(triangles.length / 3).fill(-1)
  piece.forEach((t, n) => {
    places[t] = n
  })
  const count = 3 * piece.length
  /** For each corner the mesh's vertex. */
  const meshVertices = new Uint32Array(count)
  for (let corner = 0; corner < count; corner++) {
    meshVertices[corner] = triangles[3 * piece[Math.trunc(corner / 3)] + (corner % 3)]
  }
  /** Corners that are one vertex of the chart. */
  const glued = new DisjointSets(count)
  const next = (corner: number) => (corner % 3 === 2 ? corner - 2 : corner + 1)
  /** For each edge, by the corner it leaves, the same edge seen from its other triangle, or -1 at the border. */
  const twins = new Int32Array(count).fill(-1)
  for (let corner = 0; corner < count; corner++) {
    const beyond = neighbours[3 * piece[Math.trunc(corner / 3)] + (corner % 3)]
    if (beyond < 0 || places[beyond] < 0) continue
    const [from, to] = [meshVertices[corner], meshVertices[next(corner)]]
    let twin = 3 * beyond
    while (triangles[twin] !== to || triangles[next(twin)] !== from) twin++
    twins[corner] = 3 * places[beyond] + (twin % 3)
  }
  const isGlued = new Uint8Array(count)
  /** The last corner at each of the mesh's vertices, and before each corner another one there, or -1: the edges at it. */
  const lastAt = new Int32Array(meshVertices.reduce((most, vertex) => Math.max(most, vertex), 0) + 1).fill(-1)
  const before = new Int32Array(count)
  meshVertices.forEach((vertex, corner) => {
    before[corner] = lastAt[vertex]
    lastAt[vertex] = corner
  })
  const glue = (edge: number) => {
    const twin = twins[edge]
    isGlued[edge] = 1
    isGlued[twin] = 1
    glued.join(edge, next(twin))
    glued.join(next(edge), twin)
  }
  const isMet = new Uint8Array(piece.length)
  isMet[0] = 1
  const tree = [0]
  for (const n of tree) {
    for (let edge = 3 * n; edge < 3 * n + 3; edge++) {
      if (twins[edge] < 0) continue
      const there = Math.trunc(twins[edge] / 3)
      if (isMet[there]) continue
      isMet[there] = 1
      tree.push(there)
      glue(edge)
    }
  }
  const waiting = Array.from({ length: count }, (_, corner) => corner)
  for (let edge = waiting.pop(); edge !== undefined; edge = waiting.pop()) {
    const twin = twins[edge]
    if (twin < 0 || isGlued[edge]) continue
    const [meetsAtStart, meetsAtEnd] = [
      glued.rootOf(edge) === glued.rootOf(next(twin)),
      glued.rootOf(next(edge)) === glued.rootOf(twin),
    ]
    // Where both ends meet already the disc would close to a ball.
    if (meetsAtStart === meetsAtEnd) continue
    glue(edge)
    const joined = meetsAtStart ? next(edge) : edge
    for (let corner = lastAt[meshVertices[joined]]; corner >= 0; corner = before[corner]) {
      waiting.push(corner, corner % 3 === 0 ? corner + 2 : corner - 1)
    }
  }
  const numbers = new Int32Array(count).fill(-1)
  const vertices: number[] = []
  const corners = new Uint32Array(count)
  for (let corner = 0; corner < count; corner++) {
    const root = glued.rootOf(corner)
    if (numbers[root] < 0) numbers[root] = vertices.push(meshVertices[corner]) - 1
    corners[corner] = numbers[root]
  }
  return { part, triangles: Uint32Array.from(piece), corners, vertices: Uint32Array.from(vertices) }
}
