/**
 * Volume rendering of planes from a camera, forward and backward, in tiles of rays (spec sections 5 to 7).
 *
 * What has a gradient runs as a model: the decoder and the marcher. What has none, or only a sparse one, runs here: rays,
 * depths, plane sampling. Memory is bounded by the tile: the backward pass computes a tile again and keeps only depths.
 *
 * Neighbouring rays meet the same texels, so rays are taken in square blocks of the picture: row by row each ray would
 * find the texels of its neighbour above gone from the cache (2.4 times slower sampling at full size). Tiles are small
 * enough for their activations to stay in the cache as well (at 131072 samples a tile the models take 1.2 times longer).
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, reshape, type Shape, type Tensor, writeModel } from '../graph/index.ts'
import type { Feeds, Program, Runtime } from '../runtime/runtime.ts'
import { adjoint, trainable, unprefixed } from './adjoint.ts'
import { decode, decodeDensity } from './decoder.ts'
import { march, marchWeights } from './march.ts'
import { Parameters } from './parameters.ts'
import { accumulate, borrowSampler, PlaneProjection, type Planes, releaseSampler, samplePlanes } from './planes.ts'
import { castRays, castRaysBackward, type Rays } from './rays.ts'
import { coarseDepths, importanceDepths, type Jitter, mergeDepths } from './sampling.ts'

/** Samples a tile holds at most: its largest activation is this times the decoder's width, 6 MiB at 64. */
export const TILE_SAMPLES = 24576

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

/** What the backward pass needs of the forward one. Rays are in the order of their computation. */
export interface Tape {
  readonly planes: Planes
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

export interface RenderGradients {
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
    const { rendering_kwargs: kwargs, decoder_output_dim: channels } = this.config
    const resolution = options.resolution ?? this.config.neural_rendering_resolution
    const coarse = options.coarse ?? kwargs.depth_resolution
    const fine = options.fine ?? kwargs.depth_resolution_importance
    const order = inBlocks(resolution, options.pixels)
    const pixels = options.pixels ? order.map((row) => options.pixels![row]) : order
    const rays = castRays(label, resolution, pixels)
    const count = order.length
    const jitter = options.jitter && {
      coarse: gather(options.jitter.coarse, order, coarse),
      fine: gather(options.jitter.fine, order, fine),
    }

    let depths = coarseDepths(kwargs, rays, coarse, jitter?.coarse)
    let samples = coarse
    const sampler = borrowSampler(planes, this.projection)
    try {
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
      const result = {
        features: new Float32Array(count * channels),
        depth: new Float32Array(count),
        opacity: new Float32Array(count),
      }
      for (const tile of tilesOf(count, samples)) {
        const program = await this.program('march', tile.size, samples)
        const [along, depthsAlong] = raysOf(tile, rays, depths, samples)
        const features = sampler.sample(along, depthsAlong, samples)
        const out = await program.run({
          ...weights,
          features,
          depths: depthsAlong,
          farthest: Float32Array.of(farthest),
        })
        const rows = order.subarray(tile.first, tile.first + tile.count)
        scatter(out.image, rows, channels, result.features)
        scatter(out.depth, rows, 1, result.depth)
        scatter(out.opacity, rows, 1, result.opacity)
      }
      return { ...result, tape: { planes, label, resolution, order, pixels, rays, samples, depths, farthest } }
    } finally {
      releaseSampler(sampler)
    }
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
    const { planes, rays, samples, depths, order } = tape
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
          return values ? gather(values, rows, width, tile.size) : new Float32Array(tile.size * width)
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

  /**
   * The field itself at world points: raw density and, where asked for, colour.
   * @param points [M * 3]
   * @returns sigma [M]; colour [M * decoder_output_dim], about 0..1
   */
  async query(weights: Feeds, planes: Planes, points: Float32Array, what: 'sigma' | 'colour'): Promise<Float32Array> {
    const size = TILE_SAMPLES / 2
    const program = await this.program(what, size, 1)
    const width = what === 'sigma' ? 1 : this.config.decoder_output_dim
    const count = points.length / 3
    const result = new Float32Array(count * width)
    const features = new Float32Array(size * planes.channels)
    for (let first = 0; first < count; first += size) {
      const last = Math.min(first + size, count)
      features.set(samplePlanes(planes, this.projection, points.subarray(first * 3, last * 3)))
      const { out } = await program.run({ ...weights, features })
      result.set(out.subarray(0, (last - first) * width), first * width)
    }
    return result
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
    if (kind === 'colour') return { out: decode(config, parameters, features).colour }

    const depths = input('depths', [rays, samples])
    if (kind === 'weights') {
      const sigma = reshape(decodeDensity(config, parameters, features), [rays, samples])
      return { weights: marchWeights(depths, sigma) }
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

type Kind = 'sigma' | 'colour' | 'weights' | 'march' | 'backward' | 'backward-weights'

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

/** Cuts rays into tiles of equal size; the last one is filled up. */
function tilesOf(count: number, samples: number): Tile[] {
  const size = Math.ceil(count / Math.ceil((count * samples) / TILE_SAMPLES))
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const first = i * size
    return { first, count: Math.min(size, count - first), size }
  })
}

/** A tile's rays and the depths along them; what fills it up are rays of no direction in the world's origin. */
function raysOf(tile: Tile, rays: Rays, depths: Float32Array, samples: number): [Rays, Float32Array] {
  const part = (values: Float32Array, width: number) => {
    const inside = values.subarray(tile.first * width, (tile.first + tile.count) * width)
    if (tile.count === tile.size) return inside
    const filled = new Float32Array(tile.size * width)
    filled.set(inside)
    return filled
  }
  return [{ origins: part(rays.origins, 3), directions: part(rays.directions, 3) }, part(depths, samples)]
}

/** result[i] = values[rows[i]], in rows of `width` numbers; filled up with zeros to `size` rows. */
function gather(values: Float32Array, rows: Uint32Array, width: number, size = rows.length): Float32Array {
  const result = new Float32Array(size * width)
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[i * width + k] = values[rows[i] * width + k]
  }
  return result
}

/** result[rows[i]] = values[i], in rows of `width` numbers. */
function scatter(values: Float32Array, rows: Uint32Array, width: number, result: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[rows[i] * width + k] = values[i * width + k]
  }
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
