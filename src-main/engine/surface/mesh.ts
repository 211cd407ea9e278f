/** Triangle meshes as flat arrays, and the numbers that describe them. */

export interface Mesh {
  /** [n, 3], world units. */
  positions: Float32Array
  /** [m, 3] vertex numbers, anticlockwise seen from outside. */
  triangles: Uint32Array
}

/** A mesh with what is to be seen on it. */
export interface Surface extends Mesh {
  /** [n, 3] unit vectors, pointing out. */
  normals: Float32Array
  /** [n, 3] display-referred (sRGB), 0..1. */
  colours: Float32Array
  /** [n] how much of each vertex the photo showed, 0..1; absent where nobody asked. */
  evidence?: Float32Array
  /** Distance between the density samples it was made from, world units: its level of detail. */
  voxel: number
  /** The mesh it was simplified from, which has the detail of its normals; absent where it was not kept. */
  fine?: Mesh
}

/** Six times the signed volume of the tetrahedron from the origin to the triangle at `t`. */
export function sixfoldVolume(p: Float32Array, triangles: Uint32Array, t: number): number {
  const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
  return (
    p[a] * (p[b + 1] * p[c + 2] - p[b + 2] * p[c + 1]) +
    p[a + 1] * (p[b + 2] * p[c] - p[b] * p[c + 2]) +
    p[a + 2] * (p[b] * p[c + 1] - p[b + 1] * p[c])
  )
}

/** The mesh with only `triangles` of it, and only the vertices they use, in their old order. */
export function compact(positions: Float32Array, triangles: Uint32Array): Mesh {
  const places = new Int32Array(positions.length / 3).fill(-1)
  for (const vertex of triangles) places[vertex] = 0
  let count = 0
  for (let v = 0; v < places.length; v++) if (places[v] === 0) places[v] = count++
  const kept = new Float32Array(count * 3)
  for (let v = 0; v < places.length; v++) {
    if (places[v] < 0) continue
    for (let k = 0; k < 3; k++) kept[places[v] * 3 + k] = positions[v * 3 + k]
  }
  return { positions: kept, triangles: triangles.map((vertex) => places[vertex]) }
}

/** For each corner, the triangle beyond the edge from it to the next corner, or -1. */
export function faceNeighbours(triangles: Uint32Array): Int32Array {
  const vertices = triangles.reduce((most, vertex) => Math.max(most, vertex), 0) + 1
  const starts = new Uint32Array(vertices + 1)
  for (const vertex of triangles) starts[vertex + 1]++
  for (let v = 0; v < vertices; v++) starts[v + 1] += starts[v]
  const leaving = new Uint32Array(triangles.length)
  const fill = starts.slice()
  for (let corner = 0; corner < triangles.length; corner++) leaving[fill[triangles[corner]]++] = corner
  const following = (corner: number) => (corner % 3 === 2 ? corner - 2 : corner + 1)
  const neighbours = new Int32Array(triangles.length).fill(-1)
  for (let corner = 0; corner < triangles.length; corner++) {
    const [from, to] = [triangles[corner], triangles[following(corner)]]
    for (let n = starts[to]; n < starts[to + 1]; n++) {
      if (triangles[following(leaving[n])] !== from) continue
      neighbours[corner] = Math.trunc(leaving[n] / 3)
      break
    }
  }
  return neighbours
}
