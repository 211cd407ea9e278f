/**
 * How deep the landmarks of a face lie against each other: a flat face explains one photo's colours and outline as well.
 * Which way the face looks and how far off it is, the camera says and not this.
 */
import { RELIEF_WIDTH, type Relief } from '../../face/relief.ts'
import { add, input, matMul, mul, reshape, sqrt, square, sub, sumAll } from '../../graph/index.ts'
import { LANDMARKS } from '../../networks/mediapipe.ts'
import { MILLIMETRES_PER_UNIT } from '../../surface/formats/units.ts'
import type { PictureTerm } from './term.ts'

/** Beyond this a landmark is a mistake and no longer pulls harder, millimetres. */
const ROBUST = 6
/** What the photo shows less of than this is not the face. */
const OPAQUE = 0.9

/** @param weights of the mean squared distance in square millimetres, while the code is found and while its shape is bent */
export const relief = (weights: { readonly head: number; readonly outline: number }): PictureTerm => ({
  weight: (aim) => (aim === 'colour' ? 0 : weights[aim]),
  describe({ depth }) {
    const [, , rows, columns] = depth.shape
    const rays = input('relief.rays', [LANDMARKS, rows * columns])
    const away = sub(matMul(rays, reshape(depth, [rows * columns, 1])), input('relief.wanted', [LANDMARKS, 1]))
    // Pseudo-Huber.
    const bounded = sub(sqrt(add(square(mul(away, 1 / ROBUST)), 1)), 1)
    return mul(sumAll(mul(bounded, input('relief.counts', [LANDMARKS, 1]))), 2 * ROBUST ** 2)
  },
  ofPortrait({ relief, matte, size }, resolution, aim) {
    if (!relief || aim === 'colour') return null
    const counts = countsOf(
      relief,
      (u, v) => (matte[Math.floor(v * size) * size + Math.floor(u * size)] ?? 0) >= OPAQUE,
    )
    const rays = new Float32Array(LANDMARKS * resolution * resolution)
    const wanted = new Float32Array(LANDMARKS)
    for (let i = 0; i < LANDMARKS; i++) {
      const [u, v, far] = relief.subarray(RELIEF_WIDTH * i)
      if (counts[i] === 0) continue
      // Bilinear between the rays around it.
      const [x, y] = [u * resolution - 0.5, v * resolution - 0.5]
      const [column, row] = [Math.floor(x), Math.floor(y)]
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ]) {
        const share = (dx ? x - column : 1 - x + column) * (dy ? y - row : 1 - y + row)
        const [atColumn, atRow] = [column + dx, row + dy].map((at) => Math.min(Math.max(at, 0), resolution - 1))
        rays[(i * resolution + atRow) * resolution + atColumn] += MILLIMETRES_PER_UNIT * share
      }
      wanted[i] = MILLIMETRES_PER_UNIT * far
    }
    const planes = planesThrough(relief, counts)
    removePlanes(rays, planes, counts)
    removePlanes(wanted, planes, counts)
    return { 'relief.rays': rays, 'relief.wanted': wanted, 'relief.counts': counts }
  },
})

/** How much each landmark counts, 1 in all. */
function countsOf(relief: Relief, isShown: (u: number, v: number) => boolean): Float32Array {
  const counts = Float32Array.from({ length: LANDMARKS }, (_, i) => {
    const [u, v, , count] = relief.subarray(RELIEF_WIDTH * i)
    return u >= 0 && v >= 0 && u < 1 && v < 1 && isShown(u, v) ? count : 0
  })
  const sum = counts.reduce((total, count) => total + count, 0)
  return counts.map((count) => count / Math.max(sum, 1e-9))
}

/** Three lists over landmarks that are at right angles, each of weight 1, and make up all planes (Gram and Schmidt). */
function planesThrough(relief: Relief, counts: Float32Array): Float64Array[] {
  const basis: Float64Array[] = []
  for (const axis of [
    () => 1,
    (i: number) => relief[RELIEF_WIDTH * i] - 0.5,
    (i: number) => relief[RELIEF_WIDTH * i + 1] - 0.5,
  ]) {
    const list = Float64Array.from(counts, (_, i) => axis(i))
    removePlanes(list, basis, counts)
    const length = Math.sqrt(list.reduce((sum, value, i) => sum + counts[i] * value * value, 0))
    basis.push(list.map((value) => value / Math.max(length, 1e-9)))
  }
  return basis
}

/** Takes away what the planes explain of each column of a table, [landmarks][columns]. */
function removePlanes(table: Float32Array | Float64Array, planes: readonly Float64Array[], counts: Float32Array): void {
  const columns = table.length / LANDMARKS
  for (const plane of planes) {
    const shares = new Float64Array(columns)
    for (let landmark = 0, i = 0; landmark < LANDMARKS; landmark++) {
      const weight = counts[landmark] * plane[landmark]
      for (let column = 0; column < columns; column++, i++) shares[column] += weight * table[i]
    }
    for (let landmark = 0, i = 0; landmark < LANDMARKS; landmark++) {
      for (let column = 0; column < columns; column++, i++) table[i] -= plane[landmark] * shares[column]
    }
  }
}
