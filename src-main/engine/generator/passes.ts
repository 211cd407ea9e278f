/**
 * What a renderer asks of the planes along rays and at points, forward and backward. Two ways do it: as models of the
 * runtime's (`graph-passes.ts`), on any provider; and on a processor, whose every core helps, in WebAssembly
 * (`kernel-passes.ts`).
 */
import type { Feeds } from '../runtime/runtime.ts'
import type { Planes } from './plane-layout.ts'
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
}

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
  /** [M * decoder_output_dim] */
  readonly image?: Float32Array
  /** [M] */
  readonly depth?: Float32Array
  readonly opacity?: Float32Array
}

export interface PassGradients {
  /** Like the planes. */
  readonly planes: Float32Array
  /** Of the rays, where asked for. */
  readonly rays?: Rays
  /** Of the decoder's weights by name, where asked for. */
  readonly weights?: Record<string, Float32Array>
}

/** `network` holds the decoder's weights by name, and may hold more. */
export interface Passes {
  /** @returns besides: shares [M * (samples + fine)] of each ray's light */
  see(network: Feeds, planes: Planes, look: Look): Promise<Seen & { readonly shares: Float32Array }>
  /** @returns besides: image [M * decoder_output_dim] in -1..1 */
  march(network: Feeds, planes: Planes, look: Look): Promise<Seen & { readonly image: Float32Array }>
  /** The adjoint of `march`. @param along with the depths that it found: they have no gradient */
  marchBackward(
    network: Feeds,
    planes: Planes,
    along: Along,
    gradient: MarchGradient,
    want: { rays?: boolean; weights?: boolean },
  ): Promise<PassGradients>
  /**
   * @param points [N * 3] world
   * @returns raw density [N]; colour [N * decoder_output_dim], about 0..1
   */
  query(network: Feeds, planes: Planes, points: Float32Array, what: 'sigma' | 'colour'): Promise<Float32Array>
  /** The adjoint of the query for colour. @param gradient [N * decoder_output_dim] @returns like the planes */
  colourBackward(network: Feeds, planes: Planes, points: Float32Array, gradient: Float32Array): Promise<Float32Array>
}
