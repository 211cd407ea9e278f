/** Residual planes of few texels as tensors: what `residual.ts` does, for where they lie in GPU memory. */
import { constant, matMul, reshape, type Tensor } from '../graph/index.ts'
import { splineMatrix } from './residual.ts'

/**
 * The residual at the planes' resolution.
 * @param data [slices, R, R, C]
 * @returns [slices, resolution, resolution, C]
 */
export function upsampleTensor(data: Tensor, resolution: number): Tensor {
  const [slices, from, , channels] = data.shape
  const spread = constant(splineMatrix(from, resolution), [resolution, from])
  // First along rows, then along columns.
  const wide = matMul(spread, reshape(data, [slices * from, from, channels]))
  const high = matMul(spread, reshape(wide, [slices, from, resolution * channels]))
  return reshape(high, [slices, resolution, resolution, channels])
}
