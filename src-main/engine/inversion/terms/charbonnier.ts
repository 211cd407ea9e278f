/** Charbonnier distance of colours, sqrt(d^2 + 1e-4): L1 that is smooth at zero (Charbonnier et al. 1994). */
import { add, div, mul, sqrt, square, sub, sumAll, type Tensor } from '../../graph/index.ts'

const SMOOTH = 1e-4

/**
 * The mean over what counts, as a tensor.
 * @param image, target [1, 3, R, R]
 * @param mask [1, 1, R, R]
 */
export function charbonnier(image: Tensor, target: Tensor, mask: Tensor): Tensor {
  const difference = sqrt(add(square(sub(image, target)), SMOOTH))
  return div(sumAll(mul(difference, mask)), mul(sumAll(mask), 3))
}

/**
 * The weighted sum, with its gradient of the image.
 * @param image, target [3 * R * R]
 * @param weight [R * R]
 */
export function weighedCharbonnier(
  image: Float32Array,
  target: Float32Array,
  weight: Float32Array | Float64Array,
): { loss: number; gradient: Float32Array } {
  let loss = 0
  const area = weight.length
  const gradient = new Float32Array(image.length)
  for (let i = 0; i < image.length; i++) {
    const factor = weight[i % area]
    if (factor === 0) continue
    const difference = image[i] - target[i]
    const distance = Math.sqrt(difference * difference + SMOOTH)
    loss += factor * distance
    gradient[i] = (factor * difference) / distance
  }
  return { loss, gradient }
}
