/** A photo laid on a surface: how much each vertex is to be trusted to it, and its colour anywhere. */

import type { PosedPortrait } from '../../face/posed-portrait.ts'
import { shrink } from '../../generator/resample.ts'
import { bilinear } from '../../images/bilinear.ts'
import { gaussian } from '../../images/gaussian.ts'
import type { Surface } from '../mesh.ts'
import { rasterize } from '../rasterize.ts'
import { smoothstep, weighVertices } from '../seen-vertices.ts'

/** Side of the depth buffer. */
const BUFFER = 512
/** How far a vertex lies behind what the camera sees within {@link NEAR} pixels, world units: seen below, hidden above. */
const HIDDEN: readonly [number, number] = [0.02, 0.05]
const NEAR = 4
/** How far the surface falls back within so many pixels where it ends before another part of itself, world units. */
const FALL = 0.06
const RIM = 12
/** Cosines between the surface and the way to the camera: smeared below, sharp above. */
const FACING: readonly [number, number] = [0.15, 0.45]
/** Opacities in the matte: a pixel that is more background than person says nothing. */
const INSIDE: readonly [number, number] = [0.4, 0.8]
/** Passes that feather the weights' borders, an edge of the mesh each. */
const FEATHER = 3

/**
 * Visibility x facing x matte, with its borders drawn in by an edge and feathered.
 * @param asked the surface that the weights are of, where it lies elsewhere than the one that was photographed
 * @returns [n] 0..1 for each of its vertices
 */
export function photoWeights(surface: Surface, { label, portrait }: PosedPortrait, asked = surface): Float32Array {
  const { matte, valid } = portrait
  const nearest = nearestAround(rasterize(surface, label, BUFFER).depth, NEAR)
  const weights = weighVertices(asked, { label, portrait }, nearest, ({ cosine, behind, pixel }) => {
    const inside = valid[pixel] * smoothstep(matte[pixel], INSIDE)
    return smoothstep(cosine, FACING) * (1 - smoothstep(behind, HIDDEN)) * inside
  })
  return drawnIn(weights, surface.triangles)
}

/** With its borders drawn in by an edge and feathered. */
export function drawnIn(weights: Float32Array, triangles: Uint32Array): Float32Array {
  const drawn = weights.slice()
  triangles.forEach((from, corner) => {
    const to = triangles[corner % 3 === 2 ? corner - 2 : corner + 1]
    drawn[from] = Math.min(drawn[from], weights[to])
    drawn[to] = Math.min(drawn[to], weights[from])
  })
  return feather(drawn, triangles)
}

/** What is not wholly trusted becomes the mean of its neighbours and itself. */
function feather(weights: Float32Array, triangles: Uint32Array): Float32Array {
  let now = weights
  for (let pass = 0; pass < FEATHER; pass++) {
    const sums = now.slice()
    const counts = new Float32Array(now.length).fill(1)
    triangles.forEach((from, corner) => {
      // In a closed mesh every edge leaves each of its ends once.
      sums[from] += now[triangles[corner % 3 === 2 ? corner - 2 : corner + 1]]
      counts[from]++
    })
    now = sums.map((sum, vertex) => Math.min(weights[vertex] * 2, sum / counts[vertex]))
  }
  return now
}

/**
 * Where, as a camera sees it, one part of the surface ends before another: a surface that is a little too wide there has the
 * other's colours in the photo.
 * @returns [n] 1 for each of its vertices that is near such a place, and before it
 */
export function nearInnerEdges(surface: Surface, { label, portrait }: PosedPortrait): Float32Array {
  const { depth } = rasterize(surface, label, BUFFER)
  const least = nearestAround(depth, RIM)
  const most = nearestAround(
    depth.map((far) => (far < Number.POSITIVE_INFINITY ? -far : far)),
    RIM,
  ).map((far) => -far)
  return weighVertices(surface, { label, portrait: { ...portrait, size: BUFFER } }, depth, ({ pixel }) =>
    most[pixel] - least[pixel] > FALL && depth[pixel] - least[pixel] < FALL / 2 ? 1 : 0,
  )
}

/** The least depth within so many pixels: along the rows, then along the columns. */
function nearestAround(depth: Float32Array, reach: number): Float32Array {
  const side = Math.sqrt(depth.length)
  const along = (values: Float32Array, stride: number) =>
    values.map((_, i) => {
      const place = Math.floor(i / stride) % side
      let least = Number.POSITIVE_INFINITY
      for (let step = Math.max(-reach, -place); step <= Math.min(reach, side - 1 - place); step++) {
        least = Math.min(least, values[i + step * stride])
      }
      return least
    })
  return along(along(depth, 1), side)
}

/** Opacities between which a pixel comes to be the person's own colour. */
const OWN: readonly [number, number] = [0.8, 0.98]
/** Side of the picture of what lies around one that is not, and standard deviation there, pixels. */
const COARSE = 128
const AROUND = 1.3

/** Writes what a photo shows at u, v (picture sides, 0..1) into three numbers from `at` on, sRGB 0..1. */
export type Sample = (u: number, v: number, into: Float32Array, at: number) => void

/** The person in a photo: where what is behind shines through, the colours of the person nearby. */
export function personIn({ portrait, fine = portrait }: PosedPortrait & { readonly fine?: SquarePicture }): Sample {
  const { size, rgb, matte, valid } = portrait
  const own = matte.map((alpha, i) => (alpha >= OWN[1] ? valid[i] : 0))
  const side = Math.min(COARSE, size)
  const blurred = (values: Float32Array) => gaussian(shrink(values, size, side), side, AROUND)
  const masses = blurred(own)
  const sums = [0, 1, 2].map((channel) => blurred(own.map((is, i) => (is * rgb[3 * i + channel]) / 255)))
  /** Around most there is nothing else. */
  const isWhole = (u: number, v: number) => {
    const [x, y] = [Math.floor(u * size - 0.5), Math.floor(v * size - 0.5)]
    if (x < 0 || y < 0 || x >= size - 1 || y >= size - 1) return false
    const i = y * size + x
    return Math.min(matte[i], matte[i + 1], matte[i + size], matte[i + size + 1]) >= OWN[1]
  }
  return (u, v, into, at) => {
    samplePhoto(fine, u, v, into, at)
    if (isWhole(u, v)) return
    const foreign = 1 - smoothstep(bilinear(matte, size, u * size - 0.5, v * size - 0.5), OWN)
    if (foreign === 0) return
    const nearby = (values: Float64Array) => bilinear(values, side, u * side - 0.5, v * side - 0.5)
    const mass = nearby(masses)
    // Too far from all that is the person's nobody knows better.
    if (mass < 1e-3) return
    for (let k = 0; k < 3; k++) into[at + k] += foreign * (nearby(sums[k]) / mass - into[at + k])
  }
}

export interface SquarePicture {
  /** Pixels a side. */
  readonly size: number
  /** RGB, 8 bits, rows from the top. */
  readonly rgb: Uint8Array
}

/**
 * The photo's colour where a camera sees a point: Catmull and Rom's cubic between its pixels.
 * @param u, v in picture sides, 0..1
 * @param into three numbers from `at` on, sRGB 0..1
 */
export function samplePhoto({ size, rgb }: SquarePicture, u: number, v: number, into: Float32Array, at: number): void {
  const [x, y] = [u * size - 0.5, v * size - 0.5]
  const [left, top] = [Math.floor(x), Math.floor(y)]
  cubic(x - left, COLUMNS)
  cubic(y - top, ROWS)
  const isWithin = left > 0 && top > 0 && left < size - 2 && top < size - 2
  let [r, g, b] = [0, 0, 0]
  for (let j = 0; j < 4; j++) {
    const row = (isWithin ? top + j - 1 : Math.min(Math.max(top + j - 1, 0), size - 1)) * size
    for (let i = 0; i < 4; i++) {
      const weight = ROWS[j] * COLUMNS[i]
      const pixel = 3 * (row + (isWithin ? left + i - 1 : Math.min(Math.max(left + i - 1, 0), size - 1)))
      r += weight * rgb[pixel]
      g += weight * rgb[pixel + 1]
      b += weight * rgb[pixel + 2]
    }
  }
  into[at] = Math.min(255, Math.max(0, r)) / 255
  into[at + 1] = Math.min(255, Math.max(0, g)) / 255
  into[at + 2] = Math.min(255, Math.max(0, b)) / 255
}

/** Weights of the four pixels of a row around a place, and of four rows. */
const [COLUMNS, ROWS] = [new Float64Array(4), new Float64Array(4)]

/** Weights of four neighbours at `t` between the second and the third. */
function cubic(t: number, into: Float64Array): void {
  into[0] = ((2 - t) * t - 1) * t * 0.5
  into[1] = ((3 * t - 5) * t * t + 2) * 0.5
  into[2] = ((4 - 3 * t) * t + 1) * t * 0.5
  into[3] = (t - 1) * t * t * 0.5
}
