/**
 * Separable resampling as two matrix products with constant banded matrices: exact, the same on every provider, and
 * its adjoint comes with the matrix product's own.
 */
import { constant, matMul, type Tensor, transpose } from '../graph/index.ts'

/** Row-major [to, from]. */
export type ResamplingMatrix = { readonly to: number; readonly from: number; readonly data: Float32Array }

function matrix(to: number, from: number, fill: (row: number, put: (column: number, weight: number) => void) => void) {
  const data = new Float32Array(to * from)
  for (let row = 0; row < to; row++) {
    fill(row, (column, weight) => {
      if (column >= 0 && column < from) data[row * from + column] += weight
    })
  }
  return { to, from, data }
}

/**
 * StyleGAN2's image upsampling by two: the filter [1,3,3,1] on zero-interleaved samples, zeros outside (docs/eg3d.md,
 * Layers).
 */
export function upsampleMatrix(from: number): ResamplingMatrix {
  return matrix(2 * from, from, (row, put) => {
    const near = row >> 1
    put(near, 0.75)
    put(row % 2 === 0 ? near - 1 : near + 1, 0.25)
  })
}

/**
 * StyleGAN2's filter [1,3,3,1] / 8 at every `stride`-th place, the first tap `margin` samples before the first; zeros
 * outside (docs/eg3d.md, Layers).
 */
export function filterMatrix(from: number, margin: number, stride: number): ResamplingMatrix {
  const taps = [0.125, 0.375, 0.375, 0.125]
  const to = Math.floor((from + 2 * margin - taps.length) / stride) + 1
  return matrix(to, from, (row, put) => {
    for (const [k, weight] of taps.entries()) put(row * stride - margin + k, weight)
  })
}

/**
 * Bilinear, half-pixel centres (align_corners false). Antialiased widens the tent by the reduction, as PyTorch's
 * `antialias=True` (docs/eg3d.md, Super-resolution); otherwise two taps with the edge repeated.
 */
export function bilinearMatrix(from: number, to: number, antialias: boolean): ResamplingMatrix {
  const scale = from / to
  if (!antialias) {
    return matrix(to, from, (row, put) => {
      const centre = Math.max(0, scale * (row + 0.5) - 0.5)
      const low = Math.min(Math.floor(centre), from - 1)
      put(low, 1 - (centre - low))
      put(Math.min(low + 1, from - 1), centre - low)
    })
  }
  const support = Math.max(scale, 1)
  return matrix(to, from, (row, put) => {
    const centre = scale * (row + 0.5)
    const first = Math.max(Math.trunc(centre - support + 0.5), 0)
    const last = Math.min(Math.trunc(centre + support + 0.5), from)
    const weights = Array.from({ length: last - first }, (_, i) =>
      Math.max(0, 1 - Math.abs((first + i - centre + 0.5) / support)),
    )
    const sum = weights.reduce((a, b) => a + b, 0)
    weights.forEach((weight, i) => {
      put(first + i, weight / sum)
    })
  })
}

/**
 * Each output is the mean of the input pixels its cell touches, as PyTorch's adaptive average (docs/eg3d.md,
 * Inversion).
 */
export function areaMatrix(from: number, to: number): ResamplingMatrix {
  return matrix(to, from, (row, put) => {
    const first = Math.floor((row * from) / to)
    const last = Math.ceil(((row + 1) * from) / to)
    for (let column = first; column < last; column++) put(column, 1 / (last - first))
  })
}

/** Resamples the last two axes of x [..., H, W] to [..., rows.to, columns.to]. */
export function resample(x: Tensor, rows: ResamplingMatrix, columns = rows): Tensor {
  const right = transpose(constant(columns.data, [columns.to, columns.from]), [1, 0])
  return matMul(constant(rows.data, [rows.to, rows.from]), matMul(x, right))
}

/** Resamples channels of `from` x `from` to `to` x `to`, every pixel counting. */
export function shrink(picture: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return picture
  const taps = tapsOf(from > to ? areaMatrix(from, to) : bilinearMatrix(from, to, true))
  const channels = picture.length / (from * from)
  const wide = new Float32Array(channels * from * to)
  for (let row = 0; row < channels * from; row++) multiplyRow(taps, picture, row * from, 1, wide, row * to, 1)
  const result = new Float32Array(channels * to * to)
  for (let channel = 0; channel < channels; channel++) {
    for (let column = 0; column < to; column++) {
      multiplyRow(taps, wide, channel * from * to + column, to, result, channel * to * to + column, to)
    }
  }
  return result
}

/** What a row of a matrix takes its sum from: all others of its weights are 0. */
interface Taps {
  readonly first: number
  readonly weights: Float32Array
}

const tapsOf = ({ data, from, to }: ResamplingMatrix): Taps[] =>
  Array.from({ length: to }, (_, i) => {
    const row = data.subarray(i * from, (i + 1) * from)
    const first = row.findIndex((weight) => weight !== 0)
    return { first, weights: row.subarray(first, row.findLastIndex((weight) => weight !== 0) + 1) }
  })

function multiplyRow(
  taps: readonly Taps[],
  source: Float32Array,
  at: number,
  step: number,
  result: Float32Array,
  into: number,
  stride: number,
): void {
  taps.forEach(({ first, weights }, row) => {
    let sum = 0
    for (let k = 0; k < weights.length; k++) sum += weights[k] * source[at + (first + k) * step]
    result[into + row * stride] = sum
  })
}
