/**
 * Residual planes of few texels: what they add to a head's planes is smooth by construction. Each texel is the weight of
 * a cubic B-spline (Unser 1999, "Splines: a perfect fit for signal and image processing"), so the field they make has no
 * kinks, and a step of one texel reaches over four.
 */
import { addToPlanes, type Planes, sliceCount, stridesOf } from '../generator/plane-layout.ts'

/** [slices][resolution][resolution][channels], as many slices and channels as the planes it is added to. */
export interface Residual {
  readonly resolution: number
  readonly data: Float32Array
}

/** The planes with a residual added: shape and colour both. */
export function addResidual(planes: Planes, residual: Residual): Planes {
  return addToPlanes(planes, upsample(residual, planes))
}

/** The residual at the planes' resolution. */
export function upsample({ resolution: from, data }: Residual, planes: Planes): Float32Array {
  const to = planes.resolution
  const taps = splineTaps(from, to)
  const slices = sliceCount(planes)
  const { column, row } = stridesOf(planes)
  // First along rows, then along columns.
  return spread(spread(data, taps, slices * from, from, to, column), taps, slices, from, to, row)
}

/** The adjoint of `upsample`: the gradient of a residual of `resolution` texels from that of the planes it was added to. */
export function upsampleBackward(gradient: Float32Array, planes: Planes, resolution: number): Float32Array {
  const to = planes.resolution
  const taps = splineTaps(resolution, to)
  const slices = sliceCount(planes)
  const { column, row } = stridesOf(planes)
  const rows = collect(gradient, taps, slices, resolution, to, row)
  return collect(rows, taps, slices * resolution, resolution, to, column)
}

interface Tap {
  readonly from: number
  readonly to: number
  readonly weight: number
}

/** What each texel of a residual gives along an axis of planes, [to * from]: the rows of `upsample` along that axis. */
export function splineMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from)
  for (const tap of splineTaps(from, to)) matrix[tap.to * from + tap.from] = tap.weight
  return matrix
}

/** Texel centres at half coordinates, as the planes have them; beyond the edge there is nothing. */
function splineTaps(from: number, to: number): Tap[] {
  const taps: Tap[] = []
  for (let row = 0; row < to; row++) {
    const centre = ((row + 0.5) * from) / to - 0.5
    const low = Math.floor(centre)
    for (let near = Math.max(low - 1, 0); near <= Math.min(low + 2, from - 1); near++) {
      taps.push({ from: near, to: row, weight: cubic(Math.abs(centre - near)) })
    }
  }
  return taps
}

/** The cubic B-spline at a distance of 0 to 2. */
const cubic = (x: number) => (x < 1 ? 2 / 3 - x * x + (x * x * x) / 2 : (2 - x) ** 3 / 6)

/** [count, from, width] to [count, to, width]. */
function spread(data: Float32Array, taps: readonly Tap[], count: number, from: number, to: number, width: number) {
  const result = new Float32Array(count * to * width)
  for (let i = 0; i < count; i++) {
    for (const tap of taps) {
      const [source, into] = [(i * from + tap.from) * width, (i * to + tap.to) * width]
      for (let k = 0; k < width; k++) result[into + k] += tap.weight * data[source + k]
    }
  }
  return result
}

/** The adjoint of `spread`: [count, to, width] to [count, from, width]. */
function collect(data: Float32Array, taps: readonly Tap[], count: number, from: number, to: number, width: number) {
  const back = taps.map((tap) => ({ from: tap.to, to: tap.from, weight: tap.weight }))
  return spread(data, back, count, to, from, width)
}
