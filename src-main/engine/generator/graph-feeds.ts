/** What models of renderings share: inputs of few sizes, and the sum that gradients of the planes are added to. */
import { add, greater, input, mul, type Tensor, where } from '../graph/index.ts'
import type { Feeds } from '../runtime/runtime.ts'
import { type PlaneLayout, planesShape } from './plane-layout.ts'
import type { PlanesSum } from './planes-sum.ts'

/**
 * Rows of the model that computes so many.
 * @param sizes so many models between a power of two and the next
 */
export function paddedCount(count: number, sizes = 8): number {
  const step = Math.max(1, 2 ** Math.ceil(Math.log2(count)) / (2 * sizes))
  return Math.max(1, Math.ceil(count / step) * step)
}

/** Rows of `width` numbers, the last one again and again until there are `rows`: rays that change nothing of the others. */
export function repeatLast(values: ArrayLike<number>, width: number, rows: number): Float32Array {
  const result = new Float32Array(rows * width)
  result.set(values)
  for (let i = values.length; i < result.length; i++) result[i] = result[i - width] ?? 0
  return result
}

/** 'planes', [slices * R * R, C]. */
export function planesInput(layout: PlaneLayout): Tensor {
  const [slices, height, width, channels] = planesShape(layout)
  return input('planes', [slices * height * width, channels])
}

/** A gradient of the planes, weighed and added to what there is; `sumFeeds` are the inputs. */
export function addedToSum(gradient: Tensor): Tensor {
  const before = where(greater(input('begun', []), 0), input('sum', gradient.shape), 0)
  return add(mul(gradient, input('weight', [])), before)
}

export function sumFeeds(sum: PlanesSum, weight: number): Feeds {
  return { sum: sum.values, begun: Float32Array.of(sum.isEmpty ? 0 : 1), weight: Float32Array.of(weight) }
}
