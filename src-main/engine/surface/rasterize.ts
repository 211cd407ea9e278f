/** What a camera sees of a mesh: which triangle lies nearest behind each pixel, and how far away. */
import { project } from '../generator/camera.ts'
import type { Mesh } from './mesh.ts'
import { eachTexel } from './texture/texels.ts'

export interface Visibility {
  /** Pixels a side. */
  readonly size: number
  /** [size * size] along the camera's axis, world units; Infinity where there is nothing. */
  readonly depth: Float32Array
  /** [size * size] index of the triangle's first corner in `triangles`; -1 where there is nothing. */
  readonly triangle: Int32Array
  /** [2 * size * size] weights of the triangle's second and third corner at the pixel. */
  readonly weights: Float32Array
}

/** Nothing of a portrait is nearer to its camera. */
const NEAREST = 0.1

/** Draws the triangles that face the camera into a depth buffer. */
export function rasterize({ positions, triangles }: Mesh, label: Float32Array, size: number): Visibility {
  const seen = new Float32Array(positions.length)
  for (let v = 0; v < positions.length; v += 3) {
    const [u, w, depth] = project(label, positions[v], positions[v + 1], positions[v + 2])
    seen.set([u * size, w * size, depth], v)
  }
  const depth = new Float32Array(size * size).fill(Number.POSITIVE_INFINITY)
  const triangle = new Int32Array(size * size).fill(-1)
  const weights = new Float32Array(2 * size * size)
  const corners = [0, 0, 0, 0, 0, 0]
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    if (seen[a + 2] < NEAREST || seen[b + 2] < NEAREST || seen[c + 2] < NEAREST) continue
    // Rows go down, so what is anticlockwise in the world is clockwise here: the last two corners change places.
    for (const [k, at] of [a, c, b].entries()) {
      corners[2 * k] = seen[at]
      corners[2 * k + 1] = seen[at + 1]
    }
    eachTexel(corners, 0, (x, y, wc, wb) => {
      if (x < 0 || y < 0 || x >= size || y >= size) return
      // The inverse of the depth is what is linear in a picture.
      const here = 1 / ((1 - wb - wc) / seen[a + 2] + wb / seen[b + 2] + wc / seen[c + 2])
      const pixel = y * size + x
      if (here >= depth[pixel]) return
      depth[pixel] = here
      triangle[pixel] = t
      weights[2 * pixel] = wb
      weights[2 * pixel + 1] = wc
    })
  }
  return { size, depth, triangle, weights }
}
