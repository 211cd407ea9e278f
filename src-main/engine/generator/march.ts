/** The volume renderer's quadrature along sorted samples (docs/eg3d.md, March). */
import {
  add,
  constant,
  div,
  exp,
  greater,
  log,
  matMul,
  mul,
  neg,
  pad,
  reduceSum,
  reshape,
  slice,
  softplus,
  sub,
  type Tensor,
  where,
} from '../graph/index.ts'

/**
 * Weights of the intervals between samples.
 * @param depths [R, S] ascending, world units along the unit ray
 * @param sigma [R, S] raw densities
 * @returns [R, S-1]
 */
export function marchWeights(depths: Tensor, sigma: Tensor): Tensor {
  const [, samples] = depths.shape
  const left = (x: Tensor) => slice(x, 1, 0, samples - 1)
  const right = (x: Tensor) => slice(x, 1, 1, samples)
  const density = softplus(sub(mul(add(left(sigma), right(sigma)), 0.5), 1))
  // 1 - alpha = exp(-density * delta)
  const passing = exp(neg(mul(density, sub(right(depths), left(depths)))))
  // T_i = prod_{j<i} (passing_j + 1e-10), as the exponential of a sum: one product with a triangular matrix.
  const transmittance = exp(matMul(log(add(passing, 1e-10)), earlier(samples - 1)))
  return mul(sub(1, passing), transmittance)
}

/** [n, n] with ones where row < column: a product from the right sums over what lies in front. */
function earlier(n: number): Tensor {
  const data = new Float32Array(n * n)
  for (let row = 0; row < n; row++) data.fill(1, row * n + row + 1, row * n + n)
  return constant(data, [n, n])
}

/**
 * What the density alone says of rays.
 * @param depths [R, S] ascending
 * @param sigma [R, S] raw densities
 * @param farthest [] the greatest depth of the whole view, given to rays that meet nothing
 * @returns weights [R, S-1] of the intervals; shares [R, S], how much of a ray's light comes from each sample; depth [R, 1]; opacity [R, 1]
 */
export function marchDensity(
  depths: Tensor,
  sigma: Tensor,
  farthest: Tensor,
): { weights: Tensor; shares: Tensor; depth: Tensor; opacity: Tensor } {
  const weights = marchWeights(depths, sigma)
  // sum_i w_i (c_i + c_{i+1}) / 2 = sum_j v_j c_j: the small weights are averaged instead of the large colours.
  const shares = mul(add(pad(weights, [0, 1], [0, 0]), pad(weights, [0, 0], [0, 1])), 0.5)
  const opacity = reduceSum(weights, [1])
  const hit = greater(opacity, 1e-12)
  const mean = div(reduceSum(mul(shares, depths), [1]), where(hit, opacity, 1))
  return { weights, shares, depth: where(hit, mean, farthest), opacity }
}

/**
 * @param depths [R, S] ascending
 * @param sigma [R, S] raw densities
 * @param colour [R, S, C]
 * @param farthest [] the greatest depth of the whole view, given to rays that meet nothing
 * @param whiteBack what is not covered is white in every channel
 * @returns features [R, C] in -1..1; depth [R]; opacity [R]; weights [R, S-1]
 */
export function march(
  depths: Tensor,
  sigma: Tensor,
  colour: Tensor,
  farthest: Tensor,
  whiteBack: boolean,
): { features: Tensor; depth: Tensor; opacity: Tensor; weights: Tensor } {
  const [rays, samples, channels] = colour.shape
  const { weights, shares, depth, opacity } = marchDensity(depths, sigma, farthest)
  let features = reshape(matMul(reshape(shares, [rays, 1, samples]), colour), [rays, channels])
  if (whiteBack) features = add(features, sub(1, opacity))
  return {
    features: sub(mul(features, 2), 1),
    depth: reshape(depth, [rays]),
    opacity: reshape(opacity, [rays]),
    weights,
  }
}
