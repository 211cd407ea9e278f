/**
 * Where along its ray a view is sampled, as `sampling.ts` finds it, as tensors: all comparisons, counts and products, so
 * that no value leaves a GPU (docs/eg3d.md, Sampling). No gradients.
 */
import type { RenderingKwargs } from '../checkpoint/config.ts'
import {
  abs,
  add,
  concat,
  constant,
  div,
  greater,
  matMul,
  max,
  min,
  mul,
  neg,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from '../graph/index.ts'
import type { RayTensors } from './graph-rays.ts'

/** Beyond any depth. */
const FAR = 1e30
/** Components of a direction are at least so large where they divide. */
const LEAST_COMPONENT = 1e-12

/**
 * Coarse depths, ascending on each ray.
 * @param jitter [M, S] in [0, 1), or nothing for equal steps
 * @returns [M, S]
 */
export function coarseDepthTensor(kwargs: RenderingKwargs, rays: RayTensors, samples: number, jitter?: Tensor): Tensor {
  const { ray_start, ray_end } = kwargs
  const { near, far } =
    ray_start === 'auto' || ray_end === 'auto'
      ? boxBounds(rays, kwargs.box_warp)
      : fixedBounds(rays.origin, ray_start, ray_end, kwargs)
  const steps = constant(
    Float32Array.from({ length: samples }, (_, i) => i),
    [1, samples],
  )
  const t = mul(jitter ? add(steps, jitter) : steps, 1 / (samples - 1))
  const depths = kwargs.disparity_space_sampling
    ? div(1, add(div(sub(1, t), near), div(t, far)))
    : add(near, mul(t, sub(far, near)))
  return add(depths, constant(new Float32Array(rays.directions.shape[0]), [rays.directions.shape[0], 1]))
}

/** Those of a camera at the nominal distance, moved along with one that stands too near or too far. */
function fixedBounds(
  origin: Tensor,
  start: number,
  end: number,
  { avg_camera_radius: radius, box_warp }: RenderingKwargs,
) {
  const front = Math.min(radius - start, box_warp / 2)
  const back = Math.min(end - radius, box_warp / 2)
  const distance = sqrt(reduceSum(square(origin), [1]))
  const moved = add(min(0, sub(distance, front + start)), max(0, add(distance, back - end)))
  return { near: add(moved, start), far: add(moved, end) }
}

/** Where each ray enters and leaves the cube; those that miss it get the least entry, and the greatest entry as their end. */
function boxBounds({ origin, directions }: RayTensors, side: number) {
  const safe = where(greater(abs(directions), LEAST_COMPONENT), directions, LEAST_COMPONENT)
  const a = div(sub(-side / 2, origin), safe)
  const b = div(sub(side / 2, origin), safe)
  const enter = reduceMax(min(a, b), [1])
  const leave = neg(reduceMax(neg(max(a, b)), [1]))
  const missed = greater(enter, leave)
  const least = neg(reduceMax(where(missed, -FAR, neg(enter)), [0]))
  const greatest = reduceMax(where(missed, -FAR, enter), [0])
  // Where no ray meets the cube there is nothing to see: any bounds do.
  const none = greater(least, greatest)
  return {
    near: where(missed, where(none, -1, least), enter),
    far: where(missed, where(none, -2, greatest), leave),
  }
}

/**
 * Depths where the coarse pass found something: the inverse of the piecewise linear distribution of the smoothed weights.
 * @param depths [M, S] coarse, ascending
 * @param weights [M, S-1] of the coarse march
 * @param count K, samples to draw a ray
 * @param jitter [M, K] in [0, 1), or nothing for equal steps
 * @returns [M, K], not sorted
 */
export function importanceDepthTensor(depths: Tensor, weights: Tensor, count: number, jitter?: Tensor): Tensor {
  const [rays, samples] = depths.shape
  const bins = samples - 3
  // Peaks 1 to S-2: the larger of the two intervals around a sample.
  const peaks = max(slice(weights, 1, 0, samples - 2), slice(weights, 1, 1, samples - 1))
  const smooth = mul(add(slice(peaks, 1, 0, bins), slice(peaks, 1, 1, bins + 1)), 0.5)
  const mass = add(smooth, 0.01 + 1e-5)
  const shares = div(mass, reduceSum(mass, [1]))
  const middles = mul(add(slice(depths, 1, 0, samples - 1), slice(depths, 1, 1, samples)), 0.5)
  // What each bin adds to the distribution and to the depth, [M, bins, 2].
  const growth = sub(slice(middles, 1, 1, bins + 1), slice(middles, 1, 0, bins))
  const steps = concat([reshape(shares, [rays, bins, 1]), reshape(growth, [rays, bins, 1])], 2)
  const reached = matMul(
    shares,
    mask(bins, (row, column) => row <= column),
  )
  const u =
    jitter ??
    constant(
      Float32Array.from({ length: count }, (_, k) => (count === 1 ? 0 : k / (count - 1))),
      [1, count],
    )
  // Bin i lies behind u where the distribution at its end is no more than u; the bin that holds u follows on those.
  const behind = where(greater(reshape(reached, [rays, 1, bins]), reshape(u, [u.shape[0], count, 1])), 0, 1)
  const first = constant(
    Float32Array.from({ length: bins }, (_, i) => (i === 0 ? 1 : 0)),
    [1, 1, bins],
  )
  const low = matMul(behind, steps)
  const high = matMul(
    add(
      matMul(
        behind,
        mask(bins, (row, column) => column === row + 1),
      ),
      first,
    ),
    steps,
  )
  const column = (x: Tensor, i: number) => reshape(slice(x, 2, i, i + 1), [rays, count])
  const width = sub(column(high, 0), column(low, 0))
  const share = div(sub(u, column(low, 0)), where(greater(1e-5, width), 1, width))
  const start = add(slice(middles, 1, 0, 1), column(low, 1))
  return add(start, mul(share, sub(column(high, 1), column(low, 1))))
}

/** [n, n] with ones where it is said so, otherwise zeros. */
function mask(n: number, isOne: (row: number, column: number) => boolean): Tensor {
  return constant(
    Float32Array.from({ length: n * n }, (_, i) => (isOne(Math.floor(i / n), i % n) ? 1 : 0)),
    [n, n],
  )
}

/**
 * The numbers of each row, ascending: each goes to the place of its rank, which is found by comparing it with all others.
 * @param x [M, T]
 */
export function sortRows(x: Tensor): Tensor {
  const [rows, count] = x.shape
  const indices = Float32Array.from({ length: count }, (_, i) => i)
  // Compared with those to its right, and by these with it: of equals the left one comes first.
  const right = mask(count, (row, column) => row < column)
  const larger = mul(where(greater(reshape(x, [rows, count, 1]), reshape(x, [rows, 1, count])), 1, 0), right)
  const passed = reshape(reduceSum(larger, [2]), [rows, count])
  const passing = reshape(reduceSum(larger, [1]), [rows, count])
  const rank = add(constant(indices, [1, count]), sub(passed, passing))
  const away = abs(sub(reshape(rank, [rows, 1, count]), constant(indices, [1, count, 1])))
  const places = where(greater(away, 0.5), 0, 1)
  return reshape(reduceSum(mul(places, reshape(x, [rows, 1, count])), [2]), [rows, count])
}
