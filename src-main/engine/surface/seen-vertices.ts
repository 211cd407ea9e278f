/** What a photo has to say of each vertex of a surface, by how its camera sees it. */

import type { PosedPortrait } from '../face/posed-portrait.ts'
import { project } from '../generator/camera.ts'
import type { Surface } from './mesh.ts'

interface SeenVertex {
  /** Between its normal and the way to the camera. */
  readonly cosine: number
  /** How far it lies behind what the camera sees there, world units. */
  readonly behind: number
  /** Of the portrait. */
  readonly pixel: number
}

/**
 * @param depth [n * n] along the camera's rays, of what it sees
 * @param weigh is asked for each vertex within the picture
 * @returns [vertices], 0 for one beside the picture
 */
export function weighVertices(
  { positions, normals }: Surface,
  { label, portrait: { size } }: PosedPortrait,
  depth: Float32Array,
  weigh: (vertex: SeenVertex) => number,
): Float32Array {
  const side = Math.sqrt(depth.length)
  return Float32Array.from({ length: positions.length / 3 }, (_, vertex) => {
    const [x, y, z] = positions.subarray(3 * vertex, 3 * vertex + 3)
    const [u, v, far] = project(label, x, y, z)
    if (!(u >= 0 && v >= 0 && u < 1 && v < 1)) return 0
    const way = [label[3] - x, label[7] - y, label[11] - z]
    const cosine = way.reduce((sum, w, axis) => sum + w * normals[3 * vertex + axis], 0) / Math.hypot(...way)
    const behind = far - depth[Math.floor(v * side) * side + Math.floor(u * side)]
    return weigh({ cosine, behind, pixel: Math.floor(v * size) * size + Math.floor(u * size) })
  })
}

/** 0 below the range, 1 above it, smooth between. */
export function smoothstep(value: number, [low, high]: readonly [number, number]): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)))
  return t * t * (3 - 2 * t)
}
