/**
 * Brings out a face's features, eyelids, lips and the wings of the nose, which are too fine for what bends a head's shape
 * while it is formed. The front of the face moves along the photo's rays by what its landmarks lie deeper than the surface
 * does, less what all those around do: how deep the face is altogether has been found before.
 */
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { RELIEF_WIDTH, type Relief } from '../face/relief.ts'
import { project } from '../generator/camera.ts'
import { bilinear } from '../images/bilinear.ts'
import { gaussian } from '../images/gaussian.ts'
import { type Field, moved, type Watch } from './field.ts'
import { MILLIMETRES_PER_UNIT } from './formats/units.ts'
import { rasterize } from './rasterize.ts'
import { closedMesh } from './surface.ts'

/** Density samples along a side of the surface that is compared with the landmarks. */
const RESOLUTION = 128
/** Side in pixels of the picture in which displacements lie. */
const SIDE = 160
/** What lies this far around counts for how deep the face is altogether, millimetres (standard deviation). */
const AROUND = 30
/** How far a landmark's displacement reaches, one time after another: as wide as the gaps between them, then as fine as they lie. */
const REACHES = [12, 12, 8, 8, 5, 5]
/** Landmarks around a pixel with which it follows them half. */
const FEW = 0.3
/** Fewer landmarks on the surface are no face. */
const FEWEST = 100
/** Behind the face, smoothed over as many millimetres, displacements fade from here to there. */
const FRONT = { smoothed: 5, whole: 20, gone: 50 }

/** A landmark in the picture, how much it counts, and how much deeper it lies than the surface; world units. */
interface Landmark {
  readonly x: number
  readonly y: number
  readonly count: number
  readonly deeper: number
}

/**
 * @param photos with their cameras as refined; the first whose landmarks' relief is known tells
 * @returns what puts a field's densities and colours in other places, for this field in any form
 */
export async function fitFeatures(
  field: Field,
  photos: readonly PosedPortrait[],
  watch: Watch = {},
): Promise<(field: Field) => Field> {
  const photo = photos.find(({ portrait }) => portrait.relief)
  if (!photo?.portrait.relief) return (straight) => straight
  const { label } = photo
  const level = await field.level?.()
  const { mesh } = await closedMesh(field, { resolution: RESOLUTION, level }, watch)
  const { depth } = rasterize(mesh, label, SIDE)
  const landmarks = landmarksOn(depth, photo.portrait.relief, label)
  if (landmarks.length < FEWEST) return (straight) => straight
  const pixels = pixelsPerMillimetre(depth, label)
  const shift = displacements(landmarks, pixels)
  const front = withoutGaps(depth, FRONT.smoothed * pixels)

  /** Where what is at `points` [n, 3] comes from. */
  const backwards = (points: Float32Array): Float32Array => {
    const from = points.slice()
    for (let i = 0; i < from.length; i += 3) {
      const [u, v, far] = project(label, points[i], points[i + 1], points[i + 2])
      if (!(u >= 0 && v >= 0 && u < 1 && v < 1)) continue
      const by = between(shift, u * SIDE, v * SIDE)
      if (by === 0) continue
      const behind = MILLIMETRES_PER_UNIT * (far - between(front, u * SIDE, v * SIDE))
      const share = Math.min(1, Math.max(0, (FRONT.gone - behind) / (FRONT.gone - FRONT.whole)))
      for (let k = 0; k < 3; k++) from[i + k] -= ((share * by) / far) * (points[i + k] - label[4 * k + 3])
    }
    return from
  }
  return (straight) => moved(straight, level, backwards)
}

/** @param depth [SIDE * SIDE] of the surface along the camera's axis, Infinity where there is none */
function landmarksOn(depth: Float32Array, relief: Relief, label: Float32Array): Landmark[] {
  const landmarks: Landmark[] = []
  for (let i = 0; i < relief.length; i += RELIEF_WIDTH) {
    const [u, v, ray, count] = relief.subarray(i, i + RELIEF_WIDTH)
    if (!(count > 0 && u >= 0 && v >= 0 && u < 1 && v < 1)) continue
    const far = between(depth, u * SIDE, v * SIDE)
    if (!Number.isFinite(far)) continue
    const along = ray / Math.hypot(1, (u - label[18]) / label[16], (v - label[21]) / label[20])
    landmarks.push({ x: u * SIDE, y: v * SIDE, count, deeper: along - far })
  }
  return landmarks
}

/** At the surface. */
function pixelsPerMillimetre(depth: Float32Array, label: Float32Array): number {
  const there = depth.filter((far) => far < Number.POSITIVE_INFINITY).toSorted()
  return (label[16] * SIDE) / there[there.length >> 1] / MILLIMETRES_PER_UNIT
}

/** [SIDE * SIDE] by how much the front is to move away from the camera, along its axis; nothing where no landmark is near. */
function displacements(landmarks: readonly Landmark[], pixels: number): Float64Array {
  const shift = new Float64Array(SIDE * SIDE)
  const missed = withoutMean(landmarks, AROUND * pixels)
  for (const reach of REACHES) {
    const left = landmarks.map(({ x, y }, i) => missed[i] - between(shift, x, y))
    const sums = new Float64Array(SIDE * SIDE)
    const masses = new Float64Array(SIDE * SIDE).fill(FEW)
    const sigma = reach * pixels
    const [least, most] = [(at: number) => Math.max(0, Math.floor(at - 3 * sigma)), (at: number) => at + 3 * sigma]
    for (const [i, { x, y, count }] of landmarks.entries()) {
      for (let row = least(y); row < Math.min(SIDE, most(y)); row++) {
        for (let column = least(x); column < Math.min(SIDE, most(x)); column++) {
          const weight = count * bell((column + 0.5 - x) ** 2 + (row + 0.5 - y) ** 2, sigma)
          sums[row * SIDE + column] += weight * left[i]
          masses[row * SIDE + column] += weight
        }
      }
    }
    for (let i = 0; i < shift.length; i++) shift[i] += sums[i] / masses[i]
  }
  return shift
}

/** What each landmark lies deeper by than those around it do. @param sigma pixels */
function withoutMean(landmarks: readonly Landmark[], sigma: number): number[] {
  return landmarks.map((here) => {
    let [sum, mass] = [0, 0]
    for (const { x, y, count, deeper } of landmarks) {
      const weight = count * bell((x - here.x) ** 2 + (y - here.y) ** 2, sigma)
      sum += weight * deeper
      mass += weight
    }
    return here.deeper - sum / mass
  })
}

const bell = (squared: number, sigma: number) => Math.exp(-squared / (2 * sigma ** 2))

/** The mean depth around each pixel; 0 where there is no surface near. @param sigma pixels */
function withoutGaps(depth: Float32Array, sigma: number): Float64Array {
  const isThere = Float64Array.from(depth, (far) => (far < Number.POSITIVE_INFINITY ? 1 : 0))
  const sums = gaussian(
    isThere.map((there, i) => (there ? depth[i] : 0)),
    SIDE,
    sigma,
  )
  const masses = gaussian(isThere, SIDE, sigma)
  return sums.map((sum, i) => (masses[i] > 0 ? sum / masses[i] : 0))
}

/** At a place of the picture, its upper left corner being 0, 0; not finite where one of four pixels is not. */
const between = (picture: ArrayLike<number>, x: number, y: number) => bilinear(picture, SIDE, x - 0.5, y - 0.5)
