/**
 * A whole rendering as one graph: rays from the camera, coarse depths, the planes read there, importance depths, and the
 * march along all of them (docs/eg3d.md, Rays to March). For GPUs, where what a sample needs should never come to the
 * host; `renderer.ts` is the same for CPUs, in parts that suit them.
 *
 * Rays are taken some at a time, each part with all that follows from it: that bounds the memory of a run, whose largest
 * tensors are the texels around the samples.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { add, concat, detach, mul, reduceMax, reshape, sizeOf, slice, type Tensor } from '../graph/index.ts'
import { decode, decodeDensity } from './decoder.ts'
import { readPlanes, tapsOf } from './graph-planes.ts'
import { castRayTensors, type RayTensors } from './graph-rays.ts'
import { coarseDepthTensor, importanceDepthTensor, sortRows } from './graph-sampling.ts'
import { march, marchWeights } from './march.ts'
import type { Parameters } from './parameters.ts'
import { layoutOf } from './plane-layout.ts'

/** Numbers that the texels around a part's samples hold at most: 128 MiB, what every WebGPU adapter lets a shader bind. */
const LARGEST = 2 ** 25

export interface SceneTensors {
  /** [slices * R * R, C] */
  readonly planes: Tensor
  /** [25] */
  readonly label: Tensor
  /** [M, 1]: row * resolution + column */
  readonly pixels: Tensor
  /** [M, S] and [M, K]; without them sampling is deterministic. */
  readonly jitter?: { readonly coarse: Tensor; readonly fine: Tensor }
}

interface SamplePlan {
  /** Side of the picture in rays. */
  readonly resolution: number
  readonly coarse: number
  readonly fine: number
}

/** Everything about a rendering that has no gradient. */
export interface Cast {
  /** [M, S+K], ascending on each ray */
  readonly depths: Tensor
  /** [], the greatest of them */
  readonly farthest: Tensor
}

/** Where the rays of a view are sampled. */
export function castTensors(
  config: GeneratorConfig,
  parameters: Parameters,
  scene: SceneTensors,
  { resolution, coarse, fine }: SamplePlan,
): Cast {
  const { planes, label, pixels, jitter } = scene
  const rays = castRayTensors(label, pixels, resolution)
  const first = coarseDepthTensor(config.rendering_kwargs, rays, coarse, jitter?.coarse)
  const parts = partsOf(config, pixels.shape[0], coarse + fine).map(([from, to]) => {
    const part = (x: Tensor) => slice(x, 0, from, to)
    const depths = part(first)
    if (fine === 0) return depths
    const along = { ...rays, directions: part(rays.directions) }
    const features = readPlanes(config, planes, pointsOf(along, depths))
    const weights = marchWeights(depths, reshape(decodeDensity(config, parameters, features), depths.shape))
    const drawn = importanceDepthTensor(depths, weights, fine, jitter && part(jitter.fine))
    return sortRows(concat([depths, drawn], 1))
  })
  const depths = detach(concat(parts, 0))
  // Those that are drawn lie between the coarse ones.
  return { depths, farthest: detach(reshape(reduceMax(first, [0, 1]), [])) }
}

/**
 * The picture of samples that are known.
 * @returns features [M, C] in -1..1; depth [M]; opacity [M]
 */
export function marchTensors(
  config: GeneratorConfig,
  parameters: Parameters,
  { planes, label, pixels }: SceneTensors,
  { depths, farthest }: Cast,
  { resolution }: SamplePlan,
): { features: Tensor; depth: Tensor; opacity: Tensor } {
  const [count, samples] = depths.shape
  const rays = castRayTensors(label, pixels, resolution)
  const parts = partsOf(config, count, samples).map(([from, to]) => {
    const part = (x: Tensor) => slice(x, 0, from, to)
    const points = pointsOf({ ...rays, directions: part(rays.directions) }, part(depths))
    const { sigma, colour } = decode(config, parameters, readPlanes(config, planes, points))
    const along = (x: Tensor) => reshape(x, [to - from, samples, -1])
    const { white_back } = config.rendering_kwargs
    return march(part(depths), reshape(sigma, [to - from, samples]), along(colour), farthest, white_back)
  })
  const whole = (of: (part: (typeof parts)[number]) => Tensor) => concat(parts.map(of), 0)
  return {
    features: whole(({ features }) => features),
    depth: whole(({ depth }) => depth),
    opacity: whole(({ opacity }) => opacity),
  }
}

/** The samples in space, [M * samples, 3]. */
function pointsOf({ origin, directions }: RayTensors, depths: Tensor): Tensor {
  const [count, samples] = depths.shape
  const away = mul(reshape(depths, [count, samples, 1]), reshape(directions, [count, 1, 3]))
  return reshape(add(away, reshape(origin, [1, 1, 3])), [count * samples, 3])
}

/** Ranges of rays that are computed together. */
function partsOf(config: GeneratorConfig, rays: number, samples: number): [number, number][] {
  const texels = sizeOf([samples, tapsOf(layoutOf(config)), config.plane_channels])
  const parts = Math.ceil(rays / Math.max(1, Math.floor(LARGEST / texels)))
  const step = Math.ceil(rays / parts)
  return Array.from({ length: Math.ceil(rays / step) }, (_, i) => [i * step, Math.min((i + 1) * step, rays)])
}
