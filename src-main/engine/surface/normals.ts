/** Directions of the surface at its vertices. */
import { askInBatches, type Field, type Watch } from './field.ts'
import type { Mesh } from './mesh.ts'

/** Unit normals [n, 3], pointing out: at each vertex the mean of its triangles' normals, weighted by their areas. */
export function vertexNormals({ positions: p, triangles }: Mesh): Float32Array {
  const normals = new Float32Array(p.length)
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const [ux, uy, uz] = [p[b] - p[a], p[b + 1] - p[a + 1], p[b + 2] - p[a + 2]]
    const [vx, vy, vz] = [p[c] - p[a], p[c + 1] - p[a + 1], p[c + 2] - p[a + 2]]
    // The cross product is as long as twice the area, so summing it weights by area.
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx]
    for (const at of [a, b, c]) {
      normals[at] += nx
      normals[at + 1] += ny
      normals[at + 2] += nz
    }
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v], normals[v + 1], normals[v + 2])
    // Where triangles cancel out any direction is as good, but a file must hold a unit one.
    if (length === 0) normals[v + 2] = 1
    else for (let k = 0; k < 3; k++) normals[v + k] /= length
  }
  return normals
}

/** Corners of a tetrahedron about the origin: the sum of corner times value is four times the gradient. */
const CORNERS = [
  [1, 1, 1],
  [1, -1, -1],
  [-1, 1, -1],
  [-1, -1, 1],
]
/** Cosine to the mesh's own normal below which the density does not mean this surface: where the mesh was cut or filled. */
const LEAST_AGREEMENT = 0.7

/**
 * Unit normals [n, 3], pointing out: against the density's gradient, which knows of no triangles.
 * @param reach the gradient is that over twice this distance along each axis, world units
 */
export async function fieldNormals(field: Field, mesh: Mesh, reach: number, watch: Watch = {}): Promise<Float32Array> {
  const { positions } = mesh
  const normals = vertexNormals(mesh)
  const gradient = new Float32Array(positions.length)
  for (const [c, corner] of CORNERS.entries()) {
    const points = positions.map((value, i) => value + reach * corner[i % 3])
    const progress = (part: number) => watch.progress?.((c + part) / CORNERS.length)
    const sigma = await askInBatches((batch) => field.sigma(batch), points, 1, { ...watch, progress })
    for (let i = 0; i < gradient.length; i++) gradient[i] += corner[i % 3] * sigma[Math.floor(i / 3)]
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(gradient[v], gradient[v + 1], gradient[v + 2])
    const along = normals[v] * gradient[v] + normals[v + 1] * gradient[v + 1] + normals[v + 2] * gradient[v + 2]
    if (!(-along > LEAST_AGREEMENT * length)) continue
    for (let k = v; k < v + 3; k++) normals[k] = -gradient[k] / length
  }
  return normals
}
