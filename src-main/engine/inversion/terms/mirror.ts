/**
 * The mirrored photo as a second witness: faces are nearly the same on both sides, so what a photo of a turned head does
 * not show of one cheek it shows of the other. Their light is not the same, so the witness is asked for what stands out on
 * a cheek, and the head's own colours stay.
 */
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { project } from '../../generator/camera.ts'
import type { Generator, View } from '../../generator/generator.ts'
import type { Planes } from '../../generator/plane-layout.ts'
import { castRays } from '../../generator/rays.ts'
import { shrink } from '../../generator/resample.ts'
import { cross, dot, minus, type Vector3 } from '../../vectors.ts'
import { weighedCharbonnier } from './charbonnier.ts'
import type { Judgement, Objective, ViewTerm } from './term.ts'

/** Where a ray ends in the head and not in its edge. */
const OPAQUE = 0.8
/** A point this far behind what the camera sees there is hidden from it, world units. */
const HIDDEN = 0.015
/** Cosines between surface and way to the camera: nothing is seen below, everything above. */
const FACING: readonly [number, number] = [0.15, 0.5]
/** Differences of colour, 0..1, between the mirrored photo and the head where the photo saw it itself: none and too much. */
const UNLIKE: readonly [number, number] = [0.06, 0.18]
/** Below this a pixel is not worth a ray. */
const LEAST = 0.05
/** Cells across the picture, in each of which the mirrored photo takes on the head's colours. */
const CELLS = 12
/** Samples a ray, to see what is seen from where. */
const LOOK = { coarse: 32, fine: 16 }
/** Fewer rays than this are not worth a rendering. */
const LEAST_PIXELS = 24

/** Of several photos each shows what another does not: one alone is asked in the mirror, for colour. */
export const mirror = (weight: number): ViewTerm => ({
  async begin({ generator, photos, phase, pivot, resolution, rendering }) {
    if (phase !== 'detail' || photos.length > 1) return null
    const witness = await mirroredWitness(generator, pivot, photos[0], resolution)
    if (!witness) return null
    const { label, objective, pixels } = witness
    // It draws as a second photo would.
    return (step) => [{ label, objective, weight, rendering: rendering(step, 1, 0, pixels) }]
  },
})

/** What the mirrored photo has to say, and where. */
export interface Witness {
  readonly label: Float32Array
  readonly pixels: Uint32Array
  readonly objective: Objective
}

/** The camera behind a mirror in the head's middle plane, x = 0, with its picture turned over. */
export function mirrorLabel(label: Float32Array): Float32Array {
  const result = Float32Array.from(label)
  // Position and the axes down and forward are mirrored; the axis to the right also turns round with the picture.
  for (const at of [1, 2, 3]) result[at] = -label[at]
  for (const at of [4, 8]) result[at] = -label[at]
  result[18] = 1 - label[18]
  return result
}

/**
 * @param planes of the head as it is now: they tell what the photo sees of it
 * @param photo with its camera as refined
 * @param resolution side of the mirrored view, in rays
 * @returns null where the photo saw both sides, or where the face is not the same on both
 */
export async function mirroredWitness(
  generator: Generator,
  planes: Planes,
  { portrait, label }: PosedPortrait,
  resolution: number,
): Promise<Witness | null> {
  const mirrored = mirrorLabel(label)
  const options = { planes, resolution, ...LOOK, plain: true, keep: false }
  // The code is not needed: planes are given, and the view is plain.
  const none = new Float32Array(0)
  const own = await generator.view(none, label, { ...options, wanted: 'shape' })
  const other = await generator.view(none, mirrored, options)
  const seen = sightOf(own, label, other, mirrored, resolution)
  const shown = turnedOver(portrait, resolution)

  let [difference, both] = [0, 0]
  const area = resolution * resolution
  for (let i = 0; i < area; i++) {
    const weight = seen.byPhoto[i] * seen.byMirror[i] * shown.weight[i]
    both += weight
    for (let k = 0; k < 3; k++) {
      difference += (weight * Math.abs(other.image[k * area + i] - shown.picture[k * area + i])) / 6
    }
  }
  const fit = both > 0 ? 1 - ramp(difference / both, UNLIKE) : 0
  const weight = seen.byMirror.map((value, i) => fit * value * (1 - seen.byPhoto[i]) * shown.weight[i])
  const pixels = Uint32Array.from([...weight.keys()].filter((i) => weight[i] > LEAST))
  if (pixels.length < LEAST_PIXELS) return null
  const visible = seen.byMirror.map((value, i) => value * shown.weight[i])
  const target = inLightOf(other.image, shown.picture, visible, resolution)
  return { label: mirrored, pixels, objective: new WeighedColours(target, weight, shown.persons) }
}

/** How well each pixel's point of the mirrored view is seen by the photo, and by the mirrored photo: [n * n] 0..1. */
function sightOf(own: View, label: Float32Array, other: View, mirrored: Float32Array, n: number) {
  const { origins, directions } = castRays(mirrored, n)
  const { depth, opacity } = other.rendering
  const point = (i: number): Vector3 => {
    const at = (k: number) => origins[3 * i + k] + depth[i] * directions[3 * i + k]
    return [at(0), at(1), at(2)]
  }
  const byPhoto = new Float32Array(n * n)
  const byMirror = new Float32Array(n * n)
  for (let row = 0; row < n - 1; row++) {
    for (let column = 0; column < n - 1; column++) {
      const i = row * n + column
      if ([i, i + 1, i + n].some((at) => opacity[at] < OPAQUE)) continue
      const [x, right, below] = [point(i), point(i + 1), point(i + n)]
      const normal = cross(minus(below, x), minus(right, x))
      const facing = (camera: Float32Array) => {
        const way = [3, 7, 11].map((at, k) => camera[at] - x[k])
        return ramp(dot(normal, way) / (Math.hypot(...normal) * Math.hypot(...way)), FACING)
      }
      byMirror[i] = facing(mirrored)
      const [u, v] = project(label, x[0], x[1], x[2])
      if (!(u >= 0 && v >= 0 && u < 1 && v < 1)) continue
      const there = own.rendering.depth[Math.floor(v * n) * n + Math.floor(u * n)]
      const far = Math.hypot(...[3, 7, 11].map((at, k) => label[at] - x[k]))
      byPhoto[i] = far > there + HIDDEN ? 0 : facing(label)
    }
  }
  return { byPhoto, byMirror }
}

/** The photo turned over: [3 * n * n] in -1..1, how much a pixel is the person's and shown, and the sum of that. */
function turnedOver({ size, rgb, matte, valid }: MattedPortrait, n: number) {
  const from = (i: number) => Math.floor(i / size) * size + (size - 1 - (i % size))
  const area = size * size
  const picture = new Float32Array(3 * area).map((_, i) => rgb[3 * from(i % area) + Math.floor(i / area)] / 127.5 - 1)
  const weight = shrink(
    new Float32Array(area).map((_, i) => matte[from(i)] * valid[from(i)]),
    size,
    n,
  )
  return { picture: shrink(picture, size, n), weight, persons: weight.reduce((sum, value) => sum + value, 0) }
}

/**
 * A picture with another one's colours at large and its own differences from near by.
 * @param light, picture [3 * n * n]
 * @param weight [n * n] of the pixels that are compared
 */
function inLightOf(light: Float32Array, picture: Float32Array, weight: Float32Array, n: number): Float32Array {
  const smooth = (values: Float32Array) => shrink(shrink(values, n, CELLS), CELLS, n)
  const around = smooth(weight)
  const difference = smooth(picture.map((value, i) => weight[i % weight.length] * (light[i] - value)))
  return picture.map((value, i) => value + difference[i] / Math.max(around[i % weight.length], 1e-4))
}

/** Distance of colours where there is a weight, as a share of the whole person. */
class WeighedColours implements Objective {
  private readonly target: Float32Array
  /** [n * n] */
  private readonly weight: Float64Array

  constructor(target: Float32Array, weight: Float32Array, total: number) {
    this.target = target
    this.weight = Float64Array.from(weight, (value) => value / (3 * total))
  }

  judge({ image }: View): Promise<Judgement> {
    const { loss, gradient } = weighedCharbonnier(image, this.target, this.weight)
    return Promise.resolve({ loss, terms: { mirror: loss }, gradient: { image: gradient } })
  }
}

/** 0 below the range, 1 above it. */
const ramp = (value: number, [low, high]: readonly [number, number]) =>
  Math.min(1, Math.max(0, (value - low) / (high - low)))
