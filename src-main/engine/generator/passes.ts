/**
 * What a renderer asks of the planes along rays and at points, forward and backward. Two ways do it: as models of the
 * runtime's (`graph-passes.ts`), on any provider; and on a processor, whose every core helps, in WebAssembly
 * (`kernel-passes.ts`).
 */
import type { Feeds } from '../runtime/runtime.ts'
import type { Planes } from './plane-layout.ts'
import type { PlanesSum } from './planes-sum.ts'
import type { Rays } from './rays.ts'

/** M rays, and how they are sampled. */
export interface Look {
  readonly rays: Rays
  /** [M * samples], ascending on each ray */
  readonly coarse: Float32Array
  readonly samples: number
  /** How many more samples are drawn where those met something, and by what: [M * fine]; without it by equal steps. */
  readonly fine: number
  readonly jitter?: Float32Array
  /** The depth that rays get which meet nothing. */
  readonly farthest: number
  /** How many channels of colour are wanted, the first ones. */
  readonly channels: number
}

/** What may be asked of a point. */
export type Asked = 'sigma' | 'colour' | 'rgb'

/** M rays and the depths of all their samples. */
export interface Along {
  readonly rays: Rays
  readonly samples: number
  /** [M * samples], ascending on each ray */
  readonly depths: Float32Array
}

/** What is seen along rays, by ray. */
interface Seen {
  /** [M * (samples + fine)] */
  readonly depths: Float32Array
  /** [M] */
  readonly depth: Float32Array
  readonly opacity: Float32Array
}

/** Cotangents of what `march` gives; what is left out is zero. */
export interface MarchGradient {
  /** [M * channels], as many as the picture has */
  readonly image?: Float32Array
  /** [M] */
  readonly depth?: Float32Array
  readonly opacity?: Float32Array
}

/** Gradients besides that of the planes. */
export interface PassGradients {
  /** Of the rays, where asked for. */
  readonly rays?: Rays
  /** Of the decoder's weights by name, where asked for. */
  readonly weights?: Record<string, Float32Array>
}

/** `network` holds the decoder's weights by name, and may hold more. */
export interface Passes {
  /** @returns besides: shares [M * (samples + fine)] of each ray's light */
  see(network: Feeds, planes: Planes, look: Look): Promise<Seen & { readonly shares: Float32Array }>
  /** @returns besides: image [M * channels] in -1..1 */
  march(network: Feeds, planes: Planes, look: Look): Promise<Seen & { readonly image: Float32Array }>
  /**
   * The adjoint of `march`.
   * @param along with the depths that it found: they have no gradient
   * @param sum what the gradient of the planes is added to
   */
  marchBackward(
    network: Feeds,
    planes: Planes,
    along: Along,
    gradient: MarchGradient,
    want: { rays?: boolean; weights?: boolean },
    sum: PlanesSum,
  ): Promise<PassGradients>
  /**
   * @param points [N * 3] world
   * @returns raw density [N]; colour [N * decoder_output_dim], about 0..1; its first three channels [N * 3]
   */
  query(network: Feeds, planes: Planes, points: Float32Array, what: Asked): Promise<Float32Array>
  /**
   * The adjoint of the query for colour.
   * @param gradient [N * as many channels as were asked for]
   * @param sum what the gradient of the planes is added to
   */
  colourBackward(
    network: Feeds,
    planes: Planes,
    points: Float32Array,
    gradient: Float32Array,
    sum: PlanesSum,
  ): Promise<void>
}
