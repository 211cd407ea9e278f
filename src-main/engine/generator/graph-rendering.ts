/**
 * A whole rendering as one graph: rays from the camera, coarse depths, the planes read there, importance depths, and the
 * march along all of them (docs/eg3d.md, Rays to March). For GPUs, where what a sample needs should never come to the
 * host; `renderer.ts` is the same for CPUs, in parts that suit them.
 *
 * Rays are taken some at a time, each part with all that follows from it: that bounds the memory of a run, whose largest
 * tensors are the texels around the samples.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import {
  add,
  concat,
  detach,
  mul,
  reduceMax,
  reshape,
  scatterAdd,
  sizeOf,
  slice,
  sub,
  type Tensor,
} from '../graph/index.ts'
import { decode, decodeDensity } from './decoder.ts'
import { readPlanes, tapsOf } from './graph-planes.ts'
import { castRayTensors, type RayTensors } from './graph-rays.ts'
import { coarseDepthTensor, importanceDepthTensor, sortRows } from './graph-sampling.ts'
import { march, marchDensity, marchWeights } from './march.ts'
import type { Parameters } from './parameters.ts'
import type { Asked } from './passes.ts'
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
  const depths = detach(refined(config, parameters, planes, rays, first, fine, jitter?.fine))
  // Those that are drawn lie between the coarse ones.
  return { depths, farthest: detach(reshape(reduceMax(first, [0, 1]), [])) }
}

/** Coarse depths with `fine` more on each ray, where those met something. */
function refined(
  config: GeneratorConfig,
  parameters: Parameters,
  planes: Tensor,
  rays: RayTensors,
  coarse: Tensor,
  fine: number,
  jitter?: Tensor,
): Tensor {
  if (fine === 0) return coarse
  const [count, samples] = coarse.shape
  const parts = partsOf(config, count, samples + fine).map(([from, to]) => {
    const part = (x: Tensor) => slice(x, 0, from, to)
    const depths = part(coarse)
    const along = { ...rays, directions: part(rays.directions) }
    const features = readPlanes(config, planes, pointsOf(along, depths))
    const weights = marchWeights(depths, reshape(decodeDensity(config, parameters, features), depths.shape))
    const drawn = importanceDepthTensor(depths, weights, fine, jitter && part(jitter))
    return sortRows(concat([depths, drawn], 1))
  })
  return concat(parts, 0)
}

/**
 * What a camera sees of a shape, before any colour.
 * @param scene its jitter is not needed
 * @param look coarse depths [M, S], how many more are drawn, by what [M, K], and the depth [] of rays that meet nothing
 * @returns depths and each sample's share of its ray's light, [M, S+K]; depth [M, 1]; opacity [M, 1]
 */
export function seeTensors(
  config: GeneratorConfig,
  parameters: Parameters,
  { planes, label, pixels }: SceneTensors,
  resolution: number,
  look: { readonly coarse: Tensor; readonly fine: number; readonly jitter?: Tensor; readonly farthest: Tensor },
): { depths: Tensor; shares: Tensor; depth: Tensor; opacity: Tensor } {
  const rays = castRayTensors(label, pixels, resolution)
  const depths = refined(config, parameters, planes, rays, look.coarse, look.fine, look.jitter)
  const [count, samples] = depths.shape
  const parts = partsOf(config, count, samples).map(([from, to]) => {
    const along = slice(depths, 0, from, to)
    const points = pointsOf({ ...rays, directions: slice(rays.directions, 0, from, to) }, along)
    const sigma = decodeDensity(config, parameters, readPlanes(config, planes, points))
    return marchDensity(along, reshape(sigma, along.shape), look.farthest)
  })
  const whole = (of: (part: (typeof parts)[number]) => Tensor) => concat(parts.map(of), 0)
  return {
    depths,
    shares: whole(({ shares }) => shares),
    depth: whole(({ depth }) => depth),
    opacity: whole(({ opacity }) => opacity),
  }
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

/**
 * The picture of points that are known, with their shares of each row's light.
 * @param planes [slices * R * R, C], of as many texels as the config says
 * @param points [N, 3] world
 * @param rows [N, 1], the row of the picture that each belongs to
 * @param shares [N, 1]
 * @param behind [M, 1], what lies behind the points: the light of each row that none of them gives
 * @param channels of the colours, the first ones
 * @returns [M, channels] in -1..1
 */
export function paintTensor(
  config: GeneratorConfig,
  parameters: Parameters,
  planes: Tensor,
  { points, rows, shares, behind }: { readonly [name in 'points' | 'rows' | 'shares' | 'behind']: Tensor },
  channels: number,
): Tensor {
  const [count] = points.shape
  const parts = partsOf(config, count, 1).map(([from, to]) => {
    const part = (x: Tensor) => slice(x, 0, from, to)
    const { colour } = decode(config, parameters, readPlanes(config, planes, part(points)))
    return mul(slice(colour, 1, 0, channels), part(shares))
  })
  const light = scatterAdd(rows, concat(parts, 0), behind.shape[0])
  return sub(mul(add(light, behind), 2), 1)
}

/**
 * The field at points.
 * @param points [N, 3] world
 * @returns raw density [N, 1]; colour [N, C], or its first three channels
 */
export function queryTensor(
  config: GeneratorConfig,
  parameters: Parameters,
  planes: Tensor,
  points: Tensor,
  what: Asked,
): Tensor {
  const parts = partsOf(config, points.shape[0], 1).map(([from, to]) => {
    const features = readPlanes(config, planes, slice(points, 0, from, to))
    if (what === 'sigma') return decodeDensity(config, parameters, features)
    const { colour } = decode(config, parameters, features)
    return what === 'rgb' ? slice(colour, 1, 0, 3) : colour
  })
  return concat(parts, 0)
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
