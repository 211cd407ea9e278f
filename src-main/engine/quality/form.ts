/** Figures of a head's shape that need no truth: is it a head at all, how rough is it, how alike are its sides. */
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { shrink } from '../generator/resample.ts'
import { OPAQUE } from '../head/views.ts'
import { smooth } from '../surface/clean.ts'
import { MILLIMETRES_PER_UNIT } from '../surface/formats/units.ts'
import type { Surface } from '../surface/mesh.ts'
import { rasterize } from '../surface/rasterize.ts'

export interface Form {
  /** How far the face stands out of its own plane, as seen from the front, millimetres. A mask has next to none. */
  readonly relief: number
  /** Root mean square of what smoothing takes away, millimetres. */
  readonly roughness: number
  /** The part of the surface that smoothing moves further than any smooth skin or hair would be. */
  readonly spikes: number
  /** Median difference between the left and the right half, seen from the front, millimetres. */
  readonly asymmetry: number
}

const SIDE = 128
/** Smoothing passes that take away what is narrower than about ten edges. */
const PASSES = 10
/** What smoothing moves further than this, in millimetres, is a spike. */
const SPIKE = 4
/** The face's place in a picture from the front, in picture sides from its middle. */
const FACE = { across: 0.26, up: 0.3, down: 0.28 }

/** @param front a camera straight before the head, 25 numbers */
export function formOf(surface: Surface, front: Float32Array): Form {
  const { depth } = rasterize(surface, front, SIDE)
  const face: number[] = []
  const differences: number[] = []
  const last = Math.ceil(SIDE * (0.5 + FACE.down))
  for (let row = Math.floor(SIDE * (0.5 - FACE.up)); row < last; row++) {
    for (let column = Math.floor(SIDE * (0.5 - FACE.across)); column < SIDE / 2; column++) {
      const [left, right] = [depth[row * SIDE + column], depth[row * SIDE + SIDE - 1 - column]]
      if (Number.isFinite(left)) face.push(left)
      if (Number.isFinite(right)) face.push(right)
      if (Number.isFinite(left) && Number.isFinite(right)) differences.push(Math.abs(left - right))
    }
  }
  const moved = movedBySmoothing(surface)
  const area = moved.reduce((sum, { share }) => sum + share, 0)
  const part = (which: (distance: number) => number) =>
    moved.reduce((sum, { distance, share }) => sum + share * which(distance), 0) / area
  return {
    relief: MILLIMETRES_PER_UNIT * (quantile(face, 0.95) - quantile(face, 0.05)),
    roughness: Math.sqrt(part((distance) => distance * distance)),
    spikes: part((distance) => (distance > SPIKE ? 1 : 0)),
    asymmetry: MILLIMETRES_PER_UNIT * quantile(differences, 0.5),
  }
}

/** How far smoothing moves each vertex along its normal, millimetres, and what share of the area is the vertex's. */
function movedBySmoothing(surface: Surface): { distance: number; share: number }[] {
  const { positions, normals, triangles } = surface
  const { positions: after } = smooth(surface, PASSES)
  const shares = new Float32Array(positions.length / 3)
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [triangles[t] * 3, triangles[t + 1] * 3, triangles[t + 2] * 3]
    const u = [0, 1, 2].map((k) => positions[b + k] - positions[a + k])
    const v = [0, 1, 2].map((k) => positions[c + k] - positions[a + k])
    const area = Math.hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    for (let k = 0; k < 3; k++) shares[triangles[t + k]] += area
  }
  return Array.from(shares, (share, vertex) => {
    const at = 3 * vertex
    const along = [0, 1, 2].reduce((sum, k) => sum + (after[at + k] - positions[at + k]) * normals[at + k], 0)
    return { distance: MILLIMETRES_PER_UNIT * Math.abs(along), share }
  })
}

/** What is wrong with an outline, as parts of what it covers. */
export interface Silhouette {
  /** What it encloses and does not cover: one can see through the head there. */
  readonly holes: number
  /** What it covers apart from its largest piece: something floats beside the head. */
  readonly floaters: number
}

/** @param opacity [n * n] of a rendering, 0..1 */
export function silhouetteOf(opacity: Float32Array): Silhouette {
  const size = Math.sqrt(opacity.length)
  const piece = new Int32Array(opacity.length).fill(-1)
  /** Pixels of each piece, covered or open, that hangs together; and whether it reaches the picture's border. */
  const pieces: { pixels: number; covered: boolean; border: boolean }[] = []
  for (let start = 0; start < opacity.length; start++) {
    if (piece[start] >= 0) continue
    const number = pieces.length
    const found = { pixels: 0, covered: opacity[start] >= OPAQUE, border: false }
    pieces.push(found)
    const queue = [start]
    const visit = (pixel: number) => {
      if (piece[pixel] >= 0 || opacity[pixel] >= OPAQUE !== found.covered) return
      piece[pixel] = number
      queue.push(pixel)
    }
    piece[start] = number
    while (queue.length > 0) {
      const pixel = queue.pop() as number
      const [row, column] = [Math.floor(pixel / size), pixel % size]
      found.pixels++
      if (row === 0 || column === 0 || row === size - 1 || column === size - 1) found.border = true
      if (column > 0) visit(pixel - 1)
      if (column < size - 1) visit(pixel + 1)
      if (row > 0) visit(pixel - size)
      if (row < size - 1) visit(pixel + size)
    }
  }
  const sum = (list: typeof pieces) => list.reduce((total, { pixels }) => total + pixels, 0)
  const covered = pieces.filter((part) => part.covered)
  if (covered.length === 0) return { holes: 0, floaters: 0 }
  const enclosed = sum(pieces.filter((part) => !part.covered && !part.border))
  const largest = Math.max(...covered.map(({ pixels }) => pixels))
  return { holes: enclosed / (sum(covered) + enclosed), floaters: 1 - largest / sum(covered) }
}

/**
 * What outline and matte do not share, as a part of what they cover together, where the photo shows anything.
 * @param opacity [n * n] from the photo's camera, 0..1
 */
export function outlineError(opacity: Float32Array, { size, matte, valid }: MattedPortrait): number {
  const side = Math.sqrt(opacity.length)
  const person = shrink(matte, size, side)
  const shown = shrink(Float32Array.from(valid), size, side)
  let [apart, together] = [0, 0]
  for (let i = 0; i < opacity.length; i++) {
    apart += shown[i] * Math.abs(opacity[i] - person[i])
    together += shown[i] * Math.max(opacity[i], person[i])
  }
  return together === 0 ? 1 : apart / together
}

function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))]
}
