/**
 * Where along its ray a view is sampled: coarse depths, then importance sampling (docs/eg3d.md, Sampling). No
 * gradients.
 */
import type { RenderingKwargs } from '../checkpoint/config.ts'
import { uniformArray } from '../random.ts'
import type { Rays } from './rays.ts'

/** Uniform numbers in [0, 1) that place the samples; without them sampling is deterministic (0, and equal steps). */
export interface Jitter {
  /** [M * S] */
  readonly coarse: Float32Array
  /** [M * K] */
  readonly fine: Float32Array
}

/** Jitter that is drawn where it is needed, from a seed. */
export interface Draw {
  readonly seed: number
  readonly stream: number
}

/** The numbers of a draw, for M rays; its fine ones are the next stream's. */
export function drawJitter({ seed, stream }: Draw, rays: number, coarse: number, fine: number): Jitter {
  return { coarse: uniformArray(rays * coarse, seed, stream), fine: uniformArray(rays * fine, seed, stream + 1) }
}

/**
 * Coarse depths, ascending on each ray: equal steps (in depth or in disparity) plus jitter of one step.
 * @returns [M * samples], world units along the unit ray
 */
export function coarseDepths(
  kwargs: RenderingKwargs,
  rays: Rays,
  samples: number,
  jitter?: Float32Array,
): Float32Array {
  const count = rays.origins.length / 3
  const depths = new Float32Array(count * samples)
  const { ray_start, ray_end } = kwargs
  const bounds =
    ray_start === 'auto' || ray_end === 'auto'
      ? boxBounds(rays, kwargs.box_warp)
      : fixedBounds(rays, ray_start, ray_end, kwargs)
  for (let ray = 0; ray < count; ray++) {
    const [start, end] = [bounds.near[ray], bounds.far[ray]]
    for (let i = 0; i < samples; i++) {
      const at = ray * samples + i
      const t = (i + (jitter?.[at] ?? 0)) / (samples - 1)
      depths[at] = kwargs.disparity_space_sampling ? 1 / ((1 - t) / start + t / end) : start + t * (end - start)
    }
  }
  return depths
}

/**
 * Fixed bounds are made for a camera at the nominal distance. One that stands so near or far that they would cut off what
 * they take in from there takes them with it.
 */
function fixedBounds(
  { origins }: Rays,
  start: number,
  end: number,
  { avg_camera_radius: radius, box_warp }: RenderingKwargs,
) {
  const front = Math.min(radius - start, box_warp / 2)
  const back = Math.min(end - radius, box_warp / 2)
  const near = new Float32Array(origins.length / 3)
  const far = new Float32Array(origins.length / 3)
  for (let ray = 0; ray < near.length; ray++) {
    const distance = Math.hypot(origins[3 * ray], origins[3 * ray + 1], origins[3 * ray + 2])
    const nearer = Math.min(0, distance - front - start)
    const farther = Math.max(0, distance + back - end)
    near[ray] = start + nearer + farther
    far[ray] = end + nearer + farther
  }
  return { near, far }
}

/**
 * Where each ray enters and leaves the cube. Rays that miss it get the least entry of those that hit, and, as in the
 * reference, the greatest *entry* as their end.
 */
export function boxBounds({ origins, directions }: Rays, side: number): { near: Float32Array; far: Float32Array } {
  const count = origins.length / 3
  const near = new Float32Array(count)
  const far = new Float32Array(count)
  let least = Number.POSITIVE_INFINITY
  let greatest = Number.NEGATIVE_INFINITY
  for (let ray = 0; ray < count; ray++) {
    let enter = Number.NEGATIVE_INFINITY
    let leave = Number.POSITIVE_INFINITY
    for (let axis = 0; axis < 3; axis++) {
      const inverse = 1 / directions[ray * 3 + axis]
      const a = (-side / 2 - origins[ray * 3 + axis]) * inverse
      const b = (side / 2 - origins[ray * 3 + axis]) * inverse
      enter = Math.max(enter, Math.min(a, b))
      leave = Math.min(leave, Math.max(a, b))
    }
    const hit = enter <= leave
    near[ray] = hit ? enter : -1
    far[ray] = hit ? leave : -2
    if (hit) {
      least = Math.min(least, enter)
      greatest = Math.max(greatest, enter)
    }
  }
  if (least <= greatest) {
    for (let ray = 0; ray < count; ray++) {
      if (far[ray] >= near[ray]) continue
      near[ray] = least
      far[ray] = greatest
    }
  }
  return { near, far }
}

/**
 * Draws depths where the coarse pass found something: the inverse of the piecewise linear distribution function of the
 * smoothed weights.
 * @param depths [M * S] coarse, ascending
 * @param weights [M * (S-1)] of the coarse march
 * @param count K, samples to draw a ray
 * @param jitter [M * K]; without it u = linspace(0, 1, K)
 * @returns [M * K], not sorted when jittered
 */
export function importanceDepths(
  depths: Float32Array,
  weights: Float32Array,
  samples: number,
  count: number,
  jitter?: Float32Array,
): Float32Array {
  const rays = depths.length / samples
  const intervals = samples - 1
  const bins = intervals - 2
  const result = new Float32Array(rays * count)
  const peaks = new Float32Array(samples)
  const cdf = new Float32Array(bins + 1)
  for (let ray = 0; ray < rays; ray++) {
    const w = weights.subarray(ray * intervals, (ray + 1) * intervals)
    for (let i = 0; i < samples; i++) {
      peaks[i] = Math.max(i > 0 ? w[i - 1] : Number.NEGATIVE_INFINITY, i < intervals ? w[i] : Number.NEGATIVE_INFINITY)
    }
    // Smoothed weight i is the mean of peaks i and i+1, plus 0.01; the first and the last are left out.
    let sum = 0
    for (let i = 0; i < bins; i++) sum += (peaks[i + 1] + peaks[i + 2]) / 2 + 0.01 + 1e-5
    cdf[0] = 0
    for (let i = 0; i < bins; i++) cdf[i + 1] = cdf[i] + ((peaks[i + 1] + peaks[i + 2]) / 2 + 0.01 + 1e-5) / sum
    const middle = (i: number) => (depths[ray * samples + i] + depths[ray * samples + i + 1]) / 2
    for (let k = 0; k < count; k++) {
      const u = jitter ? jitter[ray * count + k] : count === 1 ? 0 : k / (count - 1)
      let index = 0
      while (index <= bins && cdf[index] <= u) index++
      const low = Math.max(index - 1, 0)
      const high = Math.min(index, bins)
      const width = cdf[high] - cdf[low]
      const share = (u - cdf[low]) / (width < 1e-5 ? 1 : width)
      result[ray * count + k] = middle(low) + share * (middle(high) - middle(low))
    }
  }
  return result
}

/** Coarse and fine depths of each ray together, ascending: [M * (S+K)]. */
export function mergeDepths(coarse: Float32Array, fine: Float32Array, samples: number, count: number): Float32Array {
  const rays = coarse.length / samples
  const total = samples + count
  const merged = new Float32Array(rays * total)
  for (let ray = 0; ray < rays; ray++) {
    const row = merged.subarray(ray * total, (ray + 1) * total)
    row.set(coarse.subarray(ray * samples, (ray + 1) * samples))
    row.set(fine.subarray(ray * count, (ray + 1) * count), samples)
    row.sort()
  }
  return merged
}
