/**
 * Directions of the surface at its vertices: the triangles' own. The density's gradient, which is the normal where the
 * density is smooth, is farther from the true heads' normals (bench/results/normals-tried.json).
 */
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
