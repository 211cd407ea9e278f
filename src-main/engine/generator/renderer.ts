/**
 * Volume rendering of planes from a camera, forward and backward, in tiles of rays (docs/eg3d.md, Planes to March).
 *
 * What has a gradient runs as a model: the decoder and the marcher. What has none, or only a sparse one, runs here: rays,
 * depths, plane sampling. Memory is bounded by the tile: the backward pass computes a tile again and keeps only depths.
 *
 * Neighbouring rays meet the same texels, so rays are taken in square blocks of the picture: row by row each ray would
 * find the texels of its neighbour above gone from the cache (2.4 times slower sampling at full size). Tiles are small
 * enough for their activations to stay in the cache as well (at 131072 samples a tile the models take 1.2 times longer).
 *
 * Planes may take their density from others (`Planes.shape`). Then what a camera sees of the shape is found first, and
 * colour is decoded only where something is seen: a few samples of a ray. The gradient is one of colour alone.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, reshape, type Shape, type Tensor, writeModel } from '../graph/index.ts'
import type { Feeds, Program, Runtime } from '../runtime/runtime.ts'
import { adjoint, trainable, unprefixed } from './adjoint.ts'
import { decode, decodeDensity } from './decoder.ts'
import { march, marchDensity, marchWeights } from './march.ts'
import { Parameters } from './parameters.ts'
import { type Planes, shapeOf } from './plane-layout.ts'
import { accumulate, borrowSampler, PlaneProjection, type PlaneSampler, releaseSampler } from './planes.ts'
import { castRays, castRaysBackward, type Rays } from './rays.ts'
import { gatherRows, scatterRows } from './rows.ts'
import { coarseDepths, importanceDepths, type Jitter, mergeDepths } from './sampling.ts'

/** Samples a tile holds at most: its largest activation is this times the decoder's width, 6 MiB at 64. */
export const TILE_SAMPLES = 24576
const TILE_SIZES = 8

/** Points that are decoded at once where they lie on no rays. */
const QUERY = TILE_SAMPLES / 4

/** What gives less than this of a ray's light is not seen: its place shows what is behind the head. */
const LEAST_SHARE = 5e-4

/** Side of the blocks in which rays are taken, in pixels. 8 and 32 are as good, 4 and 128 are not. */
const BLOCK = 16

export interface RenderOptions {
  /** Side of the picture in rays; default: the generator's neural rendering resolution. */
  readonly resolution?: number
  /** Render only these rays (row * resolution + column). */
  readonly pixels?: Uint32Array
  /** Samples a ray; default: the generator's. fine 0: the coarse pass is the picture. */
  readonly coarse?: number
  readonly fine?: number
  /** Without it sampling is deterministic. */
  readonly jitter?: Jitter
  /** What `see` gave for the same shape, camera and options: saves looking again where only colour has changed. */
  readonly sight?: Raster
}

/** What a camera sees of a shape: the points that its picture's light comes from. */
interface Raster {
  /** [M] by row of the rendering. */
  readonly depth: Float32Array
  readonly opacity: Float32Array
  /** The N points in the order of computation: [N * 3] world, the row whose ray each lies on, its share of that ray's light. */
  readonly points: Float32Array
  readonly rows: Uint32Array
  readonly shares: Float32Array
  readonly cast: Cast
}

export interface Rendering {
  /** [M * decoder_output_dim], -1..1, ray by ray; the first three are the raw colour. */
  readonly features: Float32Array
  /** [M], world units along the ray. */
  readonly depth: Float32Array
  /** [M], 0..1 */
  readonly opacity: Float32Array
  readonly tape: Tape
}

/** A view's rays with their samples, in the order of their computation. */
interface Cast {
  readonly label: Float32Array
  readonly resolution: number
  /** Ray i is row order[i] of the rendering. */
  readonly order: Uint32Array
  /** Ray i is pixel pixels[i] of the picture. */
  readonly pixels: Uint32Array
  readonly rays: Rays
  readonly samples: number
  /** [M * samples], ascending on each ray */
  readonly depths: Float32Array
  /** The greatest depth of the view: what rays get that meet nothing. */
  readonly farthest: number
}

/** What the backward pass needs of the forward one. */
interface Tape extends Cast {
  readonly planes: Planes
  /** Where density comes from other planes. */
  readonly sight?: Raster
}

interface Tile {
  readonly first: number
  readonly count: number
  /** Rays of the model's batch: `count`, or more for the last tile. */
  readonly size: number
}

/** Cotangents of a rendering; what is left out is zero. */
export interface RenderingGradient {
  readonly features?: Float32Array
  readonly depth?: Float32Array
  readonly opacity?: Float32Array
}

interface RenderGradients {
  /** Like the planes. */
  readonly planes: Float32Array
  /** [25] of the camera label, where asked for */
  readonly label?: Float32Array
  /** of the decoder's weights by name, where asked for */
  readonly weights?: Record<string, Float32Array>
}

export class Renderer {
  readonly config: GeneratorConfig
  private readonly runtime: Runtime
  private readonly shapes: ReadonlyMap<string, { readonly shape: Shape }>
  private readonly projection: PlaneProjection
  private readonly programs = new Map<string, Promise<Program>>()

  constructor(runtime: Runtime, config: GeneratorConfig, shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.runtime = runtime
    this.config = config
    this.shapes = shapes
    this.projection = new PlaneProjection(config)
  }

  /**
   * @param weights the decoder's weights by name
   * @param label camera, 25 numbers
   */
  async render(weights: Feeds, planes: Planes, label: Float32Array, options: RenderOptions = {}): Promise<Rendering> {
    if (options.sight) return this.paint(weights, planes, options.sight)
    if (planes.shape) return this.paint(weights, planes, await this.see(weights, planes, label, options))
    const { decoder_output_dim: channels } = this.config
    const sampler = borrowSampler(planes, this.projection)
    try {
      const cast = await this.cast(weights, sampler, label, options)
      const { order } = cast
      const result = {
        features: new Float32Array(order.length * channels),
        depth: new Float32Array(order.length),
        opacity: new Float32Array(order.length),
      }
      for await (const { tile, out } of this.march('march', weights, sampler, cast)) {
        const rows = order.subarray(tile.first, tile.first + tile.count)
        scatterRows(out.image, rows, channels, result.features)
        scatterRows(out.depth, rows, 1, result.depth)
        scatterRows(out.opacity, rows, 1, result.opacity)
      }
      return { ...result, tape: { planes, ...cast } }
    } finally {
      releaseSampler(sampler)
    }
  }

  /** What a camera sees of a head's shape, before any colour. */
  async see(weights: Feeds, planes: Planes, label: Float32Array, options: RenderOptions = {}): Promise<Raster> {
    const sampler = borrowSampler(shapeOf(planes), this.projection)
    try {
      const cast = await this.cast(weights, sampler, label, options)
      const { order, samples } = cast
      const depth = new Float32Array(order.length)
      const opacity = new Float32Array(order.length)
      const most = order.length * samples
      const points = new Float32Array(3 * most)
      const rows = new Uint32Array(most)
      const shares = new Float32Array(most)
      let count = 0
      for await (const { tile, along, depths, out } of this.march('see', weights, sampler, cast)) {
        for (let ray = 0; ray < tile.count; ray++) {
          const row = order[tile.first + ray]
          depth[row] = out.depth[ray]
          opacity[row] = out.opacity[ray]
          for (let i = 0; i < samples; i++) {
            const share = out.shares[ray * samples + i]
            if (share < LEAST_SHARE) continue
            const t = depths[ray * samples + i]
            for (let k = 0; k < 3; k++) {
              points[3 * count + k] = along.origins[3 * ray + k] + t * along.directions[3 * ray + k]
            }
            rows[count] = row
            shares[count++] = share
          }
        }
      }
      // Copies: only a few of the samples are seen, and these are kept.
      const seen = { points: points.slice(0, 3 * count), rows: rows.slice(0, count), shares: shares.slice(0, count) }
      return { depth, opacity, ...seen, cast }
    } finally {
      releaseSampler(sampler)
    }
  }

  /** What a program makes of the samples, tile by tile. */
  private async *march(
    program: 'march' | 'see',
    weights: Feeds,
    sampler: PlaneSampler,
    { order, rays, samples, depths: all, farthest }: Cast,
  ) {
    for (const tile of tilesOf(order.length, samples)) {
      const compiled = await this.program(program, tile.size, samples)
      const [along, depths] = raysOf(tile, rays, all, samples)
      const features = sampler.sample(along, depths, samples)
      const out = await compiled.run({ ...weights, features, depths, farthest: Float32Array.of(farthest) })
      yield { tile, along, depths, out }
    }
  }

  /** The picture of what is seen, coloured by planes. */
  private async paint(weights: Feeds, planes: Planes, sight: Raster): Promise<Rendering> {
    const { decoder_output_dim: channels, rendering_kwargs: kwargs } = this.config
    const { depth, opacity, points, rows, shares, cast } = sight
    const features = new Float32Array(depth.length * channels)
    const covered = new Float32Array(depth.length)
    const colours = await this.query(weights, planes, points, 'colour')
    for (let i = 0; i < rows.length; i++) {
      covered[rows[i]] += shares[i]
      for (let k = 0; k < channels; k++) features[rows[i] * channels + k] += shares[i] * colours[i * channels + k]
    }
    for (let i = 0; i < features.length; i++) {
      const behind = kwargs.white_back ? 1 - covered[Math.floor(i / channels)] : 0
      features[i] = 2 * (features[i] + behind) - 1
    }
    return { features, depth, opacity, tape: { planes, sight, ...cast } }
  }

  /** The rays of a view and where along them they are sampled: evenly, then where the coarse samples met something. */
  private async cast(
    weights: Feeds,
    sampler: PlaneSampler,
    label: Float32Array,
    options: RenderOptions,
  ): Promise<Cast> {
    const { rendering_kwargs: kwargs } = this.config
    const resolution = options.resolution ?? this.config.neural_rendering_resolution
    const coarse = options.coarse ?? kwargs.depth_resolution
    const fine = options.fine ?? kwargs.depth_resolution_importance
    const order = inBlocks(resolution, options.pixels)
    const pixels = options.pixels ? order.map((row) => options.pixels![row]) : order
    const rays = castRays(label, resolution, pixels)
    const count = order.length
    const jitter = options.jitter && {
      coarse: gatherRows(options.jitter.coarse, order, coarse),
      fine: gatherRows(options.jitter.fine, order, fine),
    }

    let depths = coarseDepths(kwargs, rays, coarse, jitter?.coarse)
    let samples = coarse
    if (fine > 0) {
      const found = new Float32Array(count * (samples - 1))
      for (const tile of tilesOf(count, samples)) {
        const program = await this.program('weights', tile.size, samples)
        const [along, depthsAlong] = raysOf(tile, rays, depths, samples)
        const features = sampler.sample(along, depthsAlong, samples)
        const { weights: shares } = await program.run({ ...weights, features, depths: depthsAlong })
        found.set(shares.subarray(0, tile.count * (samples - 1)), tile.first * (samples - 1))
      }
      const drawn = importanceDepths(depths, found, samples, fine, jitter?.fine)
      depths = mergeDepths(depths, drawn, samples, fine)
      samples += fine
    }
    const farthest = depths.reduce((most, depth) => Math.max(most, depth), Number.NEGATIVE_INFINITY)
    return { label, resolution, order, pixels, rays, samples, depths, farthest }
  }

  /**
   * Gradients of sum <cotangent, rendering>.
   * @param want what else than the planes' gradient is needed
   */
  async backward(
    weights: Feeds,
    tape: Tape,
    cotangent: RenderingGradient,
    want: { label?: boolean; weights?: boolean } = {},
  ): Promise<RenderGradients> {
    const { planes, rays, samples, depths, order, sight } = tape
    if (sight) return this.paintBackward(weights, planes, sight, cotangent, want)
    const rayGradient = {
      origins: new Float32Array(rays.origins.length),
      directions: new Float32Array(rays.origins.length),
    }
    let weightGradients: Record<string, Float32Array> | undefined
    const sampler = borrowSampler(planes, this.projection)
    try {
      for (const tile of tilesOf(order.length, samples)) {
        const program = await this.program(want.weights ? 'backward-weights' : 'backward', tile.size, samples)
        const [along, depthsAlong] = raysOf(tile, rays, depths, samples)
        const features = sampler.sample(along, depthsAlong, samples)
        const part = (values: Float32Array | undefined, width: number) => {
          const rows = order.subarray(tile.first, tile.first + tile.count)
          return values ? gatherRows(values, rows, width, tile.size) : new Float32Array(tile.size * width)
        }
        const { 'd.features': featuresGradient, ...rest } = await program.run({
          ...weights,
          features,
          depths: depthsAlong,
          'cotangent.image': part(cotangent.features, this.config.decoder_output_dim),
          'cotangent.depth': part(cotangent.depth, 1),
          'cotangent.opacity': part(cotangent.opacity, 1),
        })
        sampler.cotangent.set(featuresGradient)
        const raysGradient = sampler.scatter({ rays: want.label })
        if (raysGradient) addRayGradient(rayGradient, raysGradient, tile)
        const gradients = unprefixed(rest)
        if (!weightGradients) weightGradients = gradients
        else for (const [name, gradient] of Object.entries(gradients)) accumulate(weightGradients[name], gradient)
      }
      const { label, resolution, pixels } = tape
      return {
        planes: sampler.gradient.slice(),
        ...(want.label && { label: castRaysBackward(label, resolution, rayGradient, pixels) }),
        ...(want.weights && { weights: weightGradients }),
      }
    } finally {
      releaseSampler(sampler)
    }
  }

  /** The adjoint of `paint`: only colour moves. */
  private async paintBackward(
    weights: Feeds,
    planes: Planes,
    { points, rows, shares }: Raster,
    { features: cotangent, depth, opacity }: RenderingGradient,
    want: { label?: boolean; weights?: boolean },
  ): Promise<RenderGradients> {
    if (depth || opacity || want.label || want.weights) {
      throw new Error('Renderer.backward: where density comes from other planes, only colour has a gradient')
    }
    if (!cotangent) return { planes: new Float32Array(planes.data.length) }
    const { decoder_output_dim: channels } = this.config
    const program = await this.program('colour-backward', QUERY, 1)
    const sampler = borrowSampler(planes, this.projection)
    try {
      for (let first = 0; first < rows.length; first += QUERY) {
        const count = Math.min(QUERY, rows.length - first)
        const features = sampler.samplePoints(filled(points.subarray(first * 3, (first + count) * 3), QUERY * 3))
        const colour = new Float32Array(QUERY * channels)
        for (let i = 0; i < count; i++) {
          const [from, share] = [rows[first + i] * channels, 2 * shares[first + i]]
          for (let k = 0; k < channels; k++) colour[i * channels + k] = share * cotangent[from + k]
        }
        const { 'd.features': gradient } = await program.run({ ...weights, features, 'cotangent.out': colour })
        sampler.cotangent.set(gradient)
        sampler.scatter()
      }
      return { planes: sampler.gradient.slice() }
    } finally {
      releaseSampler(sampler)
    }
  }

  /**
   * The field itself at world points: raw density or colour.
   * @param points [M * 3]
   * @returns sigma [M]; colour [M * decoder_output_dim], about 0..1
   */
  async query(weights: Feeds, planes: Planes, points: Float32Array, what: 'sigma' | 'colour'): Promise<Float32Array> {
    const program = await this.program(what, QUERY, 1)
    const width = what === 'sigma' ? 1 : this.config.decoder_output_dim
    const count = points.length / 3
    const result = new Float32Array(count * width)
    const sampler = borrowSampler(what === 'sigma' ? shapeOf(planes) : planes, this.projection)
    try {
      for (let first = 0; first < count; first += QUERY) {
        const last = Math.min(first + QUERY, count)
        const features = sampler.samplePoints(filled(points.subarray(first * 3, last * 3), QUERY * 3))
        const { out } = await program.run({ ...weights, features })
        result.set(out.subarray(0, (last - first) * width), first * width)
      }
      return result
    } finally {
      releaseSampler(sampler)
    }
  }

  private program(kind: Kind, rays: number, samples: number): Promise<Program> {
    const key = `${kind}/${rays}/${samples}`
    let program = this.programs.get(key)
    if (!program) {
      program = this.runtime.compile(writeModel(this.describe(kind, rays, samples)))
      this.programs.set(key, program)
    }
    return program
  }

  private describe(kind: Kind, rays: number, samples: number): Record<string, Tensor> {
    const { config } = this
    const parameters = new Parameters(this.shapes)
    const features = input('features', [rays * samples, config.plane_channels])
    if (kind === 'sigma') return { out: decodeDensity(config, parameters, features) }
    if (kind === 'colour' || kind === 'colour-backward') {
      const outputs = { out: decode(config, parameters, features).colour }
      return kind === 'colour' ? outputs : adjoint(outputs, { features })
    }

    const depths = input('depths', [rays, samples])
    if (kind === 'weights' || kind === 'see') {
      const sigma = reshape(decodeDensity(config, parameters, features), [rays, samples])
      if (kind === 'weights') return { weights: marchWeights(depths, sigma) }
      const { shares, depth, opacity } = marchDensity(depths, sigma, input('farthest', []))
      return { shares, depth, opacity }
    }
    const { sigma, colour } = decode(config, parameters, features)
    const view = march(
      depths,
      reshape(sigma, [rays, samples]),
      reshape(colour, [rays, samples, -1]),
      input('farthest', []),
      config.rendering_kwargs.white_back,
    )
    const outputs = { image: view.features, depth: view.depth, opacity: view.opacity }
    if (kind === 'march') return outputs
    return adjoint(outputs, { features, ...(kind === 'backward-weights' && trainable(parameters)) })
  }
}

type Kind = 'sigma' | 'colour' | 'colour-backward' | 'weights' | 'see' | 'march' | 'backward' | 'backward-weights'

/** The rows of a rendering in the order in which they are computed: by blocks of the picture. */
function inBlocks(resolution: number, pixels?: Uint32Array): Uint32Array {
  const across = Math.ceil(resolution / BLOCK)
  const count = pixels?.length ?? resolution * resolution
  const blockOf = (row: number) => {
    const pixel = pixels?.[row] ?? row
    const line = Math.floor(pixel / resolution)
    return Math.floor(line / BLOCK) * across + Math.floor((pixel % resolution) / BLOCK)
  }
  const keys = Float64Array.from({ length: count }, (_, row) => blockOf(row) * count + row).sort()
  return Uint32Array.from(keys, (key) => key % count)
}

/**
 * Cuts rays into tiles of equal size; the last one is filled up. Of sizes there are few: each has programs of its own, and
 * how many rays there are may be another number for every photo.
 */
function tilesOf(count: number, samples: number): Tile[] {
  const most = Math.ceil(TILE_SAMPLES / samples)
  const step = Math.ceil(most / TILE_SIZES)
  const equal = Math.ceil(count / Math.ceil((count * samples) / TILE_SAMPLES))
  const size = Math.min(most, Math.ceil(equal / step) * step)
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const first = i * size
    return { first, count: Math.min(size, count - first), size }
  })
}

/** A tile's rays and the depths along them; what fills it up are rays of no direction in the world's origin. */
function raysOf(tile: Tile, rays: Rays, depths: Float32Array, samples: number): [Rays, Float32Array] {
  const part = (values: Float32Array, width: number) => {
    return filled(values.subarray(tile.first * width, (tile.first + tile.count) * width), tile.size * width)
  }
  return [{ origins: part(rays.origins, 3), directions: part(rays.directions, 3) }, part(depths, samples)]
}

/** The values themselves, or filled up with zeros to a length. */
function filled(values: Float32Array, length: number): Float32Array {
  if (values.length === length) return values
  const result = new Float32Array(length)
  result.set(values)
  return result
}

/** @param gradient [size][6] of the tile's rays */
function addRayGradient(sum: Rays, gradient: Float32Array, tile: Tile): void {
  for (let i = 0; i < tile.count; i++) {
    for (let axis = 0; axis < 3; axis++) {
      sum.origins[(tile.first + i) * 3 + axis] = gradient[i * 6 + axis]
      sum.directions[(tile.first + i) * 3 + axis] = gradient[i * 6 + 3 + axis]
    }
  }
}
