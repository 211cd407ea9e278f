/**
 * Relief of a head, from the front and from behind: how deep the face is and where its features stand, against the average
 * head; how rough it is; and whether the back is a back.
 */
import { type Frame, TEMPLATE } from '../face/template.ts'
import { MILLIMETRES_PER_UNIT } from '../surface/formats/units.ts'
import type { Surface } from '../surface/mesh.ts'
import { rasterize, type Visibility } from '../surface/rasterize.ts'
import { centred, dot, withoutTilt } from '../vectors.ts'
import { between } from './draw.ts'

/** Of the face, as far as its landmarks are found. Millimetres are those of a head of average size. */
export interface FaceRelief {
  /** How deep the face is, 1 as deep as the average head's; a mask has less, a hollow face less than nothing. */
  readonly depth: number
  /** How far the tip of the nose, the chin and the brow stand out, against the average head's, millimetres. */
  readonly nose: number
  readonly chin: number
  readonly brow: number
}

/** How a surface's normals change from place to place. */
export interface Grain {
  /** Median angle between the normals of the face and their means over 8 mm around, degrees. */
  readonly grain: number
  /** The part of the face where the surface bends by more than {@link STEP} degrees within a millimetre and a half. */
  readonly steps: number
}

export interface BackRelief {
  /** Standard deviation of the back's relief, as fine as a face's features, millimetres. */
  readonly back: number
  /** Correlation of the relief of the back with that of the face before it, -1 to 1: a face that shows through has much. */
  readonly through: number
}

/** Of a head above the eyes, in millimetres of a head of average size; hair included. */
export interface Extent {
  readonly width: number
  readonly length: number
  readonly height: number
}

const SIDE = 192
/** Landmarks further from the middle lie on the outline, where depth is anybody's guess; world units. */
const INNER = 0.12
const NOSE = [1, 4]
const CHIN = [148, 152, 176, 377, 400]
const BROW = [9, 107, 151, 336]
const EYES = [33, 133, 263, 362]
/** The face in a portrait from the front, in picture sides from its middle. */
const FACE = { across: 0.2, up: 0.2, down: 0.26 }
/** Pixels of a portrait of `SIDE`: 8 mm. */
const AROUND = 6
const STEP = 25
/** Of the back, in picture sides from the middle, and half the width of what is too wide for a feature: 20 mm. */
const BACK = { across: 0.17, up: 0.24, down: 0.16 }
const WIDE = 12
/** A relief of that many millimetres is a mistake of the outline. */
const MOST_RELIEF = 15

/**
 * @param spots [3 * 478] landmarks found in a picture from the camera, x and y in picture sides
 * @param sight what that camera, straight before the head, sees of the surface
 */
export function faceRelief(spots: ArrayLike<number>, sight: Visibility, label: Float32Array, frame: Frame): FaceRelief {
  const points = TEMPLATE[frame]
    .filter(({ position: [x] }) => Math.abs(x) < INNER)
    .map(({ landmark, position }) => {
      const found = pointAt(spots[3 * landmark], spots[3 * landmark + 1], sight, label)
      return { landmark, position, found }
    })
    .filter(({ found }) => Number.isFinite(found[2]))
  const found = [0, 1, 2].map((axis) => points.map((point) => point.found[axis]))
  const average = [0, 1, 2].map((axis) => points.map(({ position }) => position[axis]))
  const scale = scaleOf(found, average)
  // Which way the head looks, a little up or aside, is no matter of its relief.
  const flat = withoutTilt(found[2], found[0], found[1])
  const wanted = withoutTilt(average[2], average[0], average[1])
  const left = flat.map((value, i) => value / scale - wanted[i])
  const of = (landmarks: readonly number[]) => {
    const values = left.filter((_, i) => landmarks.includes(points[i].landmark))
    return (MILLIMETRES_PER_UNIT * values.reduce((sum, value) => sum + value, 0)) / Math.max(values.length, 1)
  }
  return { depth: dot(flat, wanted) / dot(wanted, wanted) / scale, nose: of(NOSE), chin: of(CHIN), brow: of(BROW) }
}

/** @param front a portrait camera straight before the head */
export function grainOf(surface: Surface, front: Float32Array): Grain {
  const sight = rasterize(surface, front, SIDE)
  const at = between(surface, sight, surface.normals, 3)
  const inside = Uint8Array.from(sight.triangle, (triangle, pixel) =>
    triangle >= 0 && isIn(FACE, pixel, SIDE) ? 1 : 0,
  )
  const normals = [0, 1, 2].map((k) => Float32Array.from(inside, (is, pixel) => (is ? at(pixel, k) : 0)))
  const means = normals.map((values) => boxMean(values, inside, SIDE, AROUND))
  const angles: number[] = []
  let steps = 0
  for (let pixel = 0; pixel < inside.length; pixel++) {
    if (!inside[pixel]) continue
    const normal = normals.map((values) => values[pixel])
    angles.push(
      angle(
        normal,
        means.map((values) => values[pixel]),
      ),
    )
    const bends = [pixel + 1, pixel + SIDE].some(
      (next) =>
        inside[next] &&
        angle(
          normal,
          normals.map((values) => values[next]),
        ) > STEP,
    )
    if (bends) steps++
  }
  angles.sort((a, b) => a - b)
  return { grain: angles[angles.length >> 1] ?? 0, steps: angles.length === 0 ? 0 : steps / angles.length }
}

/** @param front, behind portrait cameras straight before and behind the head */
export function backRelief(surface: Surface, front: Float32Array, behind: Float32Array): BackRelief {
  const [face, back] = [front, behind].map((label) => reliefSeen(rasterize(surface, label, SIDE)))
  const values: number[] = []
  const before: number[] = []
  back.forEach((value, pixel) => {
    const mirrored = pixel - (pixel % SIDE) + SIDE - 1 - (pixel % SIDE)
    if (Number.isNaN(value) || Number.isNaN(face[mirrored])) return
    values.push(value)
    before.push(face[mirrored])
  })
  if (values.length === 0) return { back: 0, through: 0 }
  const [a, b] = [values, before].map((list) => {
    const mean = list.reduce((sum, value) => sum + value, 0) / list.length
    return list.map((value) => value - mean)
  })
  return {
    back: Math.sqrt(dot(a, a) / a.length),
    through: dot(a, b) / Math.max(Math.sqrt(dot(a, a) * dot(b, b)), 1e-9),
  }
}

/** @param spots, sight, label as in `faceRelief` */
export function extentOf(
  { positions }: Surface,
  spots: ArrayLike<number>,
  sight: Visibility,
  label: Float32Array,
  frame: Frame,
): Extent {
  const inner = TEMPLATE[frame].filter(({ landmark }) => EYES.includes(landmark))
  const seen = inner.map(({ landmark }) => pointAt(spots[3 * landmark], spots[3 * landmark + 1], sight, label))
  const found = [0, 1].map((axis) => seen.map((point) => point[axis]))
  const eyes = found[1].reduce((sum, y) => sum + y, 0) / found[1].length
  const apart = (x: readonly number[]) => Math.max(...x) - Math.min(...x)
  const scale = apart(found[0]) / apart(inner.map(({ position }) => position[0]))
  const above = [[], [], []] as number[][]
  for (let v = 0; v < positions.length; v += 3) {
    if (positions[v + 1] < eyes) continue
    for (let k = 0; k < 3; k++) above[k].push(positions[v + k])
  }
  for (const list of above) list.sort((a, b) => a - b)
  const range = (list: readonly number[], low: number) =>
    (MILLIMETRES_PER_UNIT * (list[Math.floor(0.995 * (list.length - 1))] - list[Math.floor(low * (list.length - 1))])) /
    scale
  return { width: range(above[0], 0.005), length: range(above[2], 0.005), height: range(above[1], 0) }
}

/** What a relief leaves when all that is wide is taken away, millimetres, positive out; NaN where it is not looked at. */
function reliefSeen({ depth, size }: Visibility): Float32Array {
  const covered = Uint8Array.from(depth, (value) => (Number.isFinite(value) ? 1 : 0))
  const once = boxMean(depth, covered, size, WIDE)
  const twice = boxMean(once, covered, size, WIDE)
  return Float32Array.from(depth, (value, pixel) => {
    // What the mean takes away, taken away from it again: a round back has none.
    const relief = MILLIMETRES_PER_UNIT * (2 * once[pixel] - twice[pixel] - value)
    return covered[pixel] && isIn(BACK, pixel, size) && Math.abs(relief) < MOST_RELIEF ? relief : Number.NaN
  })
}

/** The means over the squares `2 * radius + 1` pixels wide, of what is inside. */
function boxMean(values: Float32Array, inside: Uint8Array, size: number, radius: number): Float32Array {
  const sum = (list: ArrayLike<number>, step: number) => {
    const result = new Float32Array(list.length)
    for (let line = 0; line < size; line++) {
      const start = step === 1 ? line * size : line
      let total = 0
      for (let i = -radius; i < size; i++) {
        if (i + radius < size) total += list[start + (i + radius) * step]
        if (i - radius - 1 >= 0) total -= list[start + (i - radius - 1) * step]
        if (i >= 0) result[start + i * step] = total
      }
    }
    return result
  }
  const both = (list: ArrayLike<number>) => sum(sum(list, 1), size)
  const [totals, counts] = [both(values.map((value, i) => (inside[i] ? value : 0))), both(inside)]
  return totals.map((total, i) => total / Math.max(counts[i], 1))
}

/** The point of the surface in a place of the picture: NaN where there is nothing. */
function pointAt(u: number, v: number, { depth, size }: Visibility, label: Float32Array): number[] {
  const pixel = Math.floor(v * size) * size + Math.floor(u * size)
  const far = u >= 0 && u < 1 ? (depth[pixel] ?? Number.NaN) : Number.NaN
  const seen = [((u - label[18]) / label[16]) * far, ((v - label[21]) / label[20]) * far, far]
  return [0, 1, 2].map((row) => seen.reduce((sum, value, k) => sum + label[4 * row + k] * value, label[4 * row + 3]))
}

/** How much larger the found points lie apart than the average head's, seen from the front. */
function scaleOf(found: readonly (readonly number[])[], average: readonly (readonly number[])[]): number {
  const parts = [0, 1].map((axis) => [centred(found[axis]), centred(average[axis])])
  return parts.reduce((sum, [a, b]) => sum + dot(a, b), 0) / parts.reduce((sum, [, b]) => sum + dot(b, b), 0)
}

const angle = (a: readonly number[], b: readonly number[]) =>
  (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / Math.max(Math.sqrt(dot(a, a) * dot(b, b)), 1e-9)))) * 180) / Math.PI

function isIn(part: { across: number; up: number; down: number }, pixel: number, size: number): boolean {
  const [u, v] = [(pixel % size) / size - 0.5, Math.floor(pixel / size) / size - 0.5]
  return Math.abs(u) < part.across && v > -part.up && v < part.down
}
