/**
 * A renderer's passes as models: decoder and marcher run on the runtime's provider, in tiles of rays; the planes are read
 * here, in WebAssembly. Memory is bounded by the tile: the backward pass computes a tile again. Tiles are small enough for
 * their activations to stay in a processor's cache (at 131072 samples a tile the models take 1.2 times longer).
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, reshape, type Shape, type Tensor, writeModel } from '../graph/index.ts'
import type { Arrays, Feeds, Program, Runtime } from '../runtime/runtime.ts'
import { adjoint, trainable, unprefixed } from './adjoint.ts'
import { decode, decodeDensity } from './decoder.ts'
import { march, marchDensity, marchWeights } from './march.ts'
import { Parameters } from './parameters.ts'
import type { Along, Asked, Look, MarchGradient, Passes, PassGradients } from './passes.ts'
import type { Planes } from './plane-layout.ts'
import { accumulate, borrowSampler, PlaneProjection, type PlaneSampler, releaseSampler } from './planes.ts'
import type { PlanesSum } from './planes-sum.ts'
import type { Rays } from './rays.ts'
import { refitRows } from './rows.ts'
import { importanceDepths, mergeDepths } from './sampling.ts'

/** Samples a tile holds at most: its largest activation is this times the decoder's width, 6 MiB at 64. */
export const TILE_SAMPLES = 24576
const TILE_SIZES = 8

/** Points that are decoded at once where they lie on no rays. */
const QUERY = TILE_SAMPLES / 4

interface Tile {
  readonly first: number
  readonly count: number
  /** Rays of the model's batch: `count`, or more for the last tile. */
  readonly size: number
}

type Kind = 'sigma' | 'colour' | 'colour-backward' | 'weights' | 'see' | 'march' | 'backward' | 'backward-weights'

export class GraphPasses implements Passes {
  private readonly runtime: Runtime
  private readonly config: GeneratorConfig
  private readonly shapes: ReadonlyMap<string, { readonly shape: Shape }>
  private readonly projection: PlaneProjection
  private readonly programs = new Map<string, Promise<Program>>()

  constructor(runtime: Runtime, config: GeneratorConfig, shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.runtime = runtime
    this.config = config
    this.shapes = shapes
    this.projection = new PlaneProjection(config)
  }

  see(network: Feeds, planes: Planes, look: Look) {
    return this.look('see', network, planes, look, (samples) => ({ shares: samples, depth: 1, opacity: 1 }))
  }

  async march(network: Feeds, planes: Planes, look: Look) {
    const all = this.config.decoder_output_dim
    const seen = await this.look('march', network, planes, look, () => ({ image: all, depth: 1, opacity: 1 }))
    return { ...seen, image: refitRows(seen.image, all, look.channels) }
  }

  /** Draws the fine samples, and then looks along all of them. @param widths numbers a ray of what is seen */
  private async look<Name extends string>(
    kind: 'see' | 'march',
    network: Feeds,
    planes: Planes,
    { rays, coarse, samples, fine, jitter, farthest }: Look,
    widths: (samples: number) => Record<Name, number>,
  ) {
    let depths = coarse
    if (fine > 0) {
      const along = { rays, samples, depths: coarse }
      const { weights } = await this.tiles('weights', network, planes, along, { weights: samples - 1 })
      const drawn = importanceDepths(coarse, weights, samples, fine, jitter)
      depths = mergeDepths(coarse, drawn, samples, fine)
    }
    const along = { rays, samples: samples + fine, depths }
    const feeds = { ...network, farthest: Float32Array.of(farthest) }
    return { depths, ...(await this.tiles(kind, feeds, planes, along, widths(along.samples))) }
  }

  async marchBackward(
    network: Feeds,
    planes: Planes,
    along: Along,
    { image, depth, opacity }: MarchGradient,
    want: { rays?: boolean; weights?: boolean },
    sum: PlanesSum,
  ): Promise<PassGradients> {
    const { rays, samples } = along
    const length = rays.origins.length
    const colours = this.config.decoder_output_dim
    const whole = image && refitRows(image, (3 * image.length) / length, colours)
    const ofRays = { origins: new Float32Array(length), directions: new Float32Array(length) }
    let weights: Record<string, Float32Array> | undefined
    return this.withSampler(planes, async (sampler) => {
      for (const tile of tilesOf(length / 3, samples)) {
        const program = await this.program(want.weights ? 'backward-weights' : 'backward', tile.size, samples)
        const part = (values: Float32Array | undefined, width: number) =>
          values ? partOf(tile, values, width) : new Float32Array(tile.size * width)
        const { 'd.features': ofFeatures, ...rest } = await program.run({
          ...network,
          ...sampled(sampler, tile, along),
          // It has no gradient.
          farthest: new Float32Array(1),
          'cotangent.image': part(whole, colours),
          'cotangent.depth': part(depth, 1),
          'cotangent.opacity': part(opacity, 1),
        })
        sampler.cotangent.set(ofFeatures)
        const found = sampler.scatter({ rays: want.rays })
        if (found) addRayGradient(ofRays, found, tile)
        const gradients = unprefixed(rest)
        if (!weights) weights = gradients
        else for (const [name, gradient] of Object.entries(gradients)) accumulate(weights[name], gradient)
      }
      sum.add(sampler.gradient)
      return { ...(want.rays && { rays: ofRays }), ...(want.weights && { weights }) }
    })
  }

  async query(network: Feeds, planes: Planes, points: Float32Array, what: Asked): Promise<Float32Array> {
    if (what === 'rgb') {
      return refitRows(await this.query(network, planes, points, 'colour'), this.config.decoder_output_dim, 3)
    }
    const program = await this.program(what, QUERY, 1)
    const width = what === 'sigma' ? 1 : this.config.decoder_output_dim
    const count = points.length / 3
    const result = new Float32Array(count * width)
    return this.withSampler(planes, async (sampler) => {
      for (let first = 0; first < count; first += QUERY) {
        const last = Math.min(first + QUERY, count)
        const features = sampler.samplePoints(filled(points.subarray(first * 3, last * 3), QUERY * 3))
        const { out } = await program.run({ ...network, features })
        result.set(out.subarray(0, (last - first) * width), first * width)
      }
      return result
    })
  }

  async colourBackward(
    network: Feeds,
    planes: Planes,
    points: Float32Array,
    gradient: Float32Array,
    sum: PlanesSum,
  ): Promise<void> {
    const width = this.config.decoder_output_dim
    const whole = refitRows(gradient, (3 * gradient.length) / points.length, width)
    const program = await this.program('colour-backward', QUERY, 1)
    return this.withSampler(planes, async (sampler) => {
      for (let first = 0; first < points.length / 3; first += QUERY) {
        const features = sampler.samplePoints(filled(points.subarray(first * 3, (first + QUERY) * 3), QUERY * 3))
        const given = filled(whole.subarray(first * width, (first + QUERY) * width), QUERY * width)
        const { 'd.features': found } = await program.run({ ...network, features, 'cotangent.out': given })
        sampler.cotangent.set(found)
        sampler.scatter()
      }
      sum.add(sampler.gradient)
    })
  }

  /** What a program makes of the samples. @param widths numbers a ray of each output */
  private tiles<Name extends string>(
    kind: Kind,
    network: Feeds,
    planes: Planes,
    along: Along,
    widths: Record<Name, number>,
  ): Promise<Record<Name, Float32Array>> {
    const { rays, samples } = along
    const count = rays.origins.length / 3
    const names = Object.keys(widths) as Name[]
    const result = Object.fromEntries(names.map((name) => [name, new Float32Array(count * widths[name])]))
    return this.withSampler(planes, async (sampler) => {
      for (const tile of tilesOf(count, samples)) {
        const program = await this.program(kind, tile.size, samples)
        const out: Arrays = await program.run({ ...network, ...sampled(sampler, tile, along) })
        for (const name of names) {
          result[name].set(out[name].subarray(0, tile.count * widths[name]), tile.first * widths[name])
        }
      }
      return result as Record<Name, Float32Array>
    })
  }

  private async withSampler<T>(planes: Planes, work: (sampler: PlaneSampler) => Promise<T>): Promise<T> {
    const sampler = borrowSampler(planes, this.projection)
    try {
      return await work(sampler)
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

/** A tile's features and depths; what fills it up are rays of no direction in the world's origin. */
function sampled(sampler: PlaneSampler, tile: Tile, { rays, samples, depths: all }: Along) {
  const [origins, directions] = [partOf(tile, rays.origins, 3), partOf(tile, rays.directions, 3)]
  const depths = partOf(tile, all, samples)
  return { features: sampler.sample({ origins, directions }, depths, samples), depths }
}

function partOf(tile: Tile, values: Float32Array, width: number): Float32Array {
  return filled(values.subarray(tile.first * width, (tile.first + tile.count) * width), tile.size * width)
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
