/**
 * Volume rendering of planes from a camera, forward and backward, in tiles of rays (spec sections 5 to 7).
 *
 * What has a gradient runs as a model: the decoder and the marcher. What has none, or only a sparse one, runs here: rays,
 * depths, plane sampling. Memory is bounded by the tile: the backward pass computes a tile again instead of keeping its
 * activations; only the sampled plane features are kept, C numbers a sample.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, reshape, type Shape, type Tensor, writeModel } from '../graph/index.ts'
import type { Program, Runtime, Values } from '../runtime/runtime.ts'
import { adjoint, trainable, unprefixed } from './adjoint.ts'
import { decode, decodeDensity } from './decoder.ts'
import { march, marchWeights } from './march.ts'
import { Parameters } from './parameters.ts'
import { PlaneProjection, type Planes, samplePlanes, samplePlanesBackward } from './planes.ts'
import { castRays, castRaysBackward, type Rays } from './rays.ts'
import { coarseDepths, importanceDepths, type Jitter, mergeDepths } from './sampling.ts'

/** Samples a tile holds at most: its largest activation is this times the decoder's width, 32 MiB at 64. */
const TILE_SAMPLES = 1 << 17

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

/** What the backward pass needs of the forward one. */
export interface Tape {
  readonly planes: Planes
  readonly label: Float32Array
  readonly resolution: number
  readonly pixels: Uint32Array | undefined
  readonly rays: Rays
  readonly samples: number
  /** [M * samples], ascending on each ray */
  readonly depths: Float32Array
  /** The greatest depth of the view: what rays get that meet nothing. */
  readonly farthest: number
  readonly tiles: readonly Tile[]
}

interface Tile {
  readonly first: number
  readonly count: number
  /** Rays of the model's batch: `count`, or more for the last tile. */
  readonly size: number
  /** [size * samples * C] */
  readonly features: Float32Array
}

/** Cotangents of a rendering; what is left out is zero. */
export interface RenderingGradient {
  readonly features?: Float32Array
  readonly depth?: Float32Array
  readonly opacity?: Float32Array
}

export interface RenderGradients {
  /** [3][R][R][C] like the planes */
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
  async render(weights: Values, planes: Planes, label: Float32Array, options: RenderOptions = {}): Promise<Rendering> {
    const { rendering_kwargs: kwargs, decoder_output_dim: channels } = this.config
    const resolution = options.resolution ?? this.config.neural_rendering_resolution
    const coarse = options.coarse ?? kwargs.depth_resolution
    const fine = options.fine ?? kwargs.depth_resolution_importance
    const rays = castRays(label, resolution, options.pixels)
    const count = rays.origins.length / 3

    let depths = coarseDepths(kwargs, rays, coarse, options.jitter?.coarse)
    let samples = coarse
    let tiles = this.tiles(planes, rays, depths, samples)
    if (fine > 0) {
      const found = new Float32Array(count * (samples - 1))
      for (const tile of tiles) {
        const program = await this.program('weights', tile.size, samples)
        const along = part(depths, tile, samples)
        const { weights: shares } = await program.run({ ...weights, features: tile.features, depths: along })
        found.set(shares.subarray(0, tile.count * (samples - 1)), tile.first * (samples - 1))
      }
      const drawn = importanceDepths(depths, found, samples, fine, options.jitter?.fine)
      depths = mergeDepths(depths, drawn, samples, fine)
      samples += fine
      tiles = this.tiles(planes, rays, depths, samples)
    }
    const farthest = depths.reduce((most, depth) => Math.max(most, depth), Number.NEGATIVE_INFINITY)
    const tape: Tape = { planes, label, resolution, pixels: options.pixels, rays, samples, depths, farthest, tiles }

    const result = {
      features: new Float32Array(count * channels),
      depth: new Float32Array(count),
      opacity: new Float32Array(count),
    }
    for (const tile of tiles) {
      const program = await this.program('march', tile.size, samples)
      const out = await program.run(this.feeds(weights, tape, tile))
      result.features.set(out.image.subarray(0, tile.count * channels), tile.first * channels)
      result.depth.set(out.depth.subarray(0, tile.count), tile.first)
      result.opacity.set(out.opacity.subarray(0, tile.count), tile.first)
    }
    return { ...result, tape }
  }

  /**
   * Gradients of sum <cotangent, rendering>.
   * @param want what else than the planes' gradient is needed
   */
  async backward(
    weights: Values,
    tape: Tape,
    cotangent: RenderingGradient,
    want: { label?: boolean; weights?: boolean } = {},
  ): Promise<RenderGradients> {
    const { planes, rays, samples, depths } = tape
    const planesGradient = new Float32Array(planes.data.length)
    const rayGradient = {
      origins: new Float32Array(rays.origins.length),
      directions: new Float32Array(rays.origins.length),
    }
    let weightGradients: Record<string, Float32Array> | undefined
    for (const tile of tape.tiles) {
      const program = await this.program(want.weights ? 'backward-weights' : 'backward', tile.size, samples)
      const { 'd.features': features, ...rest } = await program.run({
        ...this.feeds(weights, tape, tile),
        'cotangent.image': part(cotangent.features, tile, this.config.decoder_output_dim),
        'cotangent.depth': part(cotangent.depth, tile, 1),
        'cotangent.opacity': part(cotangent.opacity, tile, 1),
      })
      const live = tile.count * samples
      const points = pointsOf(rays, depths, samples, tile.first, tile.count)
      const pointsGradient = want.label ? new Float32Array(live * 3) : undefined
      const featuresGradient = features.subarray(0, live * planes.channels)
      samplePlanesBackward(planes, this.projection, points, featuresGradient, planesGradient, pointsGradient)
      if (pointsGradient) addRayGradient(rayGradient, pointsGradient, depths, samples, tile)
      const gradients = unprefixed(rest)
      if (!weightGradients) weightGradients = gradients
      else for (const [name, gradient] of Object.entries(gradients)) accumulate(weightGradients[name], gradient)
    }
    return {
      planes: planesGradient,
      ...(want.label && { label: castRaysBackward(tape.label, tape.resolution, rayGradient, tape.pixels) }),
      ...(want.weights && { weights: weightGradients }),
    }
  }

  /**
   * The field itself at world points: raw density and, where asked for, colour.
   * @param points [M * 3]
   * @returns sigma [M]; colour [M * decoder_output_dim], about 0..1
   */
  async query(weights: Values, planes: Planes, points: Float32Array, what: 'sigma' | 'colour'): Promise<Float32Array> {
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

  private feeds(weights: Values, tape: Tape, tile: Tile): Values {
    return {
      ...weights,
      features: tile.features,
      depths: part(tape.depths, tile, tape.samples),
      farthest: Float32Array.of(tape.farthest),
    }
  }

  /** Cuts the rays into tiles of equal size (the last one filled up) and samples the planes along them. */
  private tiles(planes: Planes, rays: Rays, depths: Float32Array, samples: number): Tile[] {
    const count = rays.origins.length / 3
    const number = Math.ceil((count * samples) / TILE_SAMPLES)
    const size = Math.ceil(count / number)
    return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
      const first = i * size
      const inside = Math.min(size, count - first)
      const points = pointsOf(rays, depths, samples, first, inside)
      const sampled = samplePlanes(planes, this.projection, points)
      if (inside === size) return { first, count: inside, size, features: sampled }
      const features = new Float32Array(size * samples * planes.channels)
      features.set(sampled)
      return { first, count: inside, size, features }
    })
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

/** A tile's part of an array of `width` numbers a ray, filled up with zeros. */
function part(values: Float32Array | undefined, tile: Tile, width: number): Float32Array {
  const result = new Float32Array(tile.size * width)
  if (values) result.set(values.subarray(tile.first * width, (tile.first + tile.count) * width))
  return result
}

/** World points of the samples: origin + depth * direction, [count * samples * 3]. */
function pointsOf(rays: Rays, depths: Float32Array, samples: number, first: number, count: number): Float32Array {
  const points = new Float32Array(count * samples * 3)
  for (let ray = first, at = 0; ray < first + count; ray++) {
    const [ox, oy, oz] = rays.origins.subarray(ray * 3, ray * 3 + 3)
    const [dx, dy, dz] = rays.directions.subarray(ray * 3, ray * 3 + 3)
    for (let i = ray * samples; i < (ray + 1) * samples; i++) {
      const t = depths[i]
      points[at++] = ox + t * dx
      points[at++] = oy + t * dy
      points[at++] = oz + t * dz
    }
  }
  return points
}

/** p = o + t d: g_o = sum g_p, g_d = sum t g_p. */
function addRayGradient(gradient: Rays, points: Float32Array, depths: Float32Array, samples: number, tile: Tile): void {
  for (let i = 0; i < tile.count * samples; i++) {
    const ray = (tile.first + Math.floor(i / samples)) * 3
    const t = depths[tile.first * samples + i]
    for (let axis = 0; axis < 3; axis++) {
      gradient.origins[ray + axis] += points[i * 3 + axis]
      gradient.directions[ray + axis] += t * points[i * 3 + axis]
    }
  }
}

function accumulate(sum: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += values[i]
}
