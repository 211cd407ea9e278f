/** Rays from a camera label, as `rays.ts` casts them, as tensors (docs/eg3d.md, Rays). */
import {
  add,
  concat,
  div,
  floor,
  matMul,
  mul,
  reduceSum,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
} from '../graph/index.ts'

export interface RayTensors {
  /** World position of the camera, [1, 3]. */
  readonly origin: Tensor
  /** Unit directions, [M, 3]. */
  readonly directions: Tensor
}

/**
 * @param label [25]: cam2world and intrinsics
 * @param pixels [M, 1]: row * n + column
 * @param n side of the picture in rays
 */
export function castRayTensors(label: Tensor, pixels: Tensor, n: number): RayTensors {
  const entry = (i: number) => reshape(slice(label, 0, i, i + 1), [1, 1])
  const [fx, skew, cx, fy, cy] = [16, 17, 18, 20, 21].map(entry)
  // Half a pixel keeps the quotient away from whole numbers.
  const row = floor(mul(add(pixels, 0.5), 1 / n))
  const u = mul(add(sub(pixels, mul(row, n)), 0.5), 1 / n)
  const v = mul(add(row, 0.5), 1 / n)
  const y = div(sub(v, cy), fy)
  const x = div(sub(sub(u, cx), mul(skew, y)), fx)
  const pose = reshape(slice(label, 0, 0, 12), [3, 4])
  const rotation = slice(pose, 1, 0, 3)
  const forward = transpose(slice(rotation, 1, 2, 3), [1, 0])
  const across = matMul(concat([x, y], 1), transpose(slice(rotation, 1, 0, 2), [1, 0]))
  const towards = add(across, forward)
  return {
    origin: transpose(slice(pose, 1, 3, 4), [1, 0]),
    directions: div(towards, sqrt(reduceSum(square(towards), [1]))),
  }
}
