/** Surfaces spoiled in ways that are known: what a verdict must not call good. No inversion is needed to make one. */
import { normalArray } from '../../src-main/engine/random.ts'
import type { Surface } from '../../src-main/engine/surface/mesh.ts'
import { vertexNormals } from '../../src-main/engine/surface/normals.ts'

/** How far the surface moves, world units of 0.4 m. */
const NOSE = -0.055
const HAIR = 0.07
const NOISE = 0.006
/** A mask is that much of a head's depth. */
const FLAT = 0.35
/** Cells of the noise along a side of the head's cube: 8 mm wide. */
const CELLS = 50

/** The nose pressed in. */
export const noseless = (surface: Surface) =>
  moved(surface, (x, y, z) =>
    z < 0.1 ? [0, 0, 0] : [0, 0, NOSE * Math.exp(-((x / 0.045) ** 2 + ((y + 0.005) / 0.055) ** 2))],
  )

export const mask = (surface: Surface) => moved(surface, (_x, _y, z) => [0, 0, (FLAT - 1) * z])

/** Everything outside the face blown up, as hair that stands off like a helmet. */
export const helmet = (surface: Surface) =>
  moved(surface, (x, y, z, normal) => {
    const face = z < 0 ? 2 : Math.hypot(x / 0.15, (y - 0.01) / 0.17)
    const out = y < -0.15 ? 0 : HAIR * Math.min(1, Math.max(0, 5 * (face - 1)))
    return normal.map((value) => out * value)
  })

export function noisy(surface: Surface, seed: number): Surface {
  const values = normalArray(CELLS ** 3, seed)
  const cell = (at: number) => Math.min(CELLS - 1, Math.max(0, Math.floor((at + 0.5) * CELLS)))
  return moved(surface, (x, y, z, normal) => {
    const out = NOISE * values[(cell(z) * CELLS + cell(y)) * CELLS + cell(x)]
    return normal.map((value) => out * value)
  })
}

/** The front half, and its mirror image for a back: a face on either side. */
export function faceBehind({ positions, triangles, colours, voxel }: Surface): Surface {
  const count = positions.length / 3
  const front = triangles.filter((_, i) => {
    const first = i - (i % 3)
    return [0, 1, 2].every((corner) => positions[3 * triangles[first + corner] + 2] > 0)
  })
  const back = front.map((_, i) => count + front[i - (i % 3) + [0, 2, 1][i % 3]])
  const both = {
    positions: Float32Array.from([...positions, ...positions.map((value, i) => (i % 3 === 2 ? -value : value))]),
    triangles: Uint32Array.from([...front, ...back]),
  }
  return { ...both, normals: vertexNormals(both), colours: Float32Array.from([...colours, ...colours]), voxel }
}

type Shift = (x: number, y: number, z: number, normal: readonly number[]) => readonly number[]

function moved(surface: Surface, by: Shift): Surface {
  const positions = surface.positions.slice()
  for (let v = 0; v < positions.length; v += 3) {
    const [x, y, z] = positions.subarray(v, v + 3)
    const shift = by(x, y, z, [...surface.normals.subarray(v, v + 3)])
    for (let k = 0; k < 3; k++) positions[v + k] += shift[k]
  }
  return { ...surface, positions, normals: vertexNormals({ positions, triangles: surface.triangles }) }
}
