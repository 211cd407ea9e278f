/**
 * A generator at work: config and weights on a runtime. Forward passes give planes and pictures; each has its backward
 * pass, so that gradients of any loss on the picture reach the latent code, the camera and every weight.
 */
import { FITTED_BLOCKS, type GeneratorConfig, pictureSide } from '../checkpoint/config.ts'
import { expand, input, reshape, type Shape, transpose } from '../graph/index.ts'
import { Resident, residents } from '../runtime/resident.ts'
import type { Feeds, Runtime } from '../runtime/runtime.ts'
import { backbone } from './backbone.ts'
import { mapping, truncate } from './mapping.ts'
import { Parameters } from './parameters.ts'
import { layoutOf, type Planes, planesLength, type ResidentPlanes, sliceCount } from './plane-layout.ts'
import type { PlanesSum } from './planes-sum.ts'
import { Renderer, type Rendering, type RenderingGradient, type RenderOptions } from './renderer.ts'
import { gatherRows, scatterRows } from './rows.ts'
import { superResolution } from './super-resolution.ts'
import { type Trace, Vjp, type VjpGraph } from './vjp.ts'

export type Weights = ReadonlyMap<string, { readonly shape: Shape; readonly data: Float32Array }>
/** By trait, what one standard deviation of it adds to the code: [w_dim] for every layer, or [num_ws * w_dim]. */
type Directions = ReadonlyMap<string, Float32Array>
type WeightGradients = Record<string, Float32Array>

/** A picture of a head from a camera. */
export interface View {
  /** [3 * R * R], channel by channel, nominally -1..1, not limited; of a plain view the rendering itself */
  readonly image: Float32Array
  /** [3 * n * n], the rendering before super-resolution */
  readonly raw: Float32Array
  readonly rendering: Rendering
  readonly ws: Float32Array
  /** Without super-resolution: the generator has none, or it was left out. */
  readonly plain: boolean
  /** Pixels at the picture's border that upsampling has mixed with the grey beyond it. */
  readonly frame: number
  /** How many of the super-resolution's blocks made the picture, where not all did. */
  readonly blocks: number | undefined
  /** The pixels that were rendered, where not all were. */
  readonly pixels: Uint32Array | undefined
  /** What `backward` finds kept of this view's passes; the next view's take its place. */
  readonly trace: Trace | undefined
}

export interface ViewOptions extends RenderOptions {
  /** When they are known already. */
  readonly planes?: Planes | ResidentPlanes
  /** Leaves the super-resolution out. */
  readonly plain?: boolean
  /** The picture after so many of the super-resolution's blocks; default: all. */
  readonly blocks?: number
  /** False where no `backward` will follow: saves memory, half a gibibyte at full size. */
  readonly keep?: boolean
}

/** Cotangents of a view; what is left out is zero. */
export interface ViewGradient {
  readonly image?: Float32Array
  readonly raw?: Float32Array
  /** [3 * n * n], of the rendering's own colours, which a super-resolution may change before they are `raw`. */
  readonly rendered?: Float32Array
  readonly depth?: Float32Array
  readonly opacity?: Float32Array
}

export interface Gradients {
  /** [num_ws * w_dim] */
  readonly ws: Float32Array
  /** Like the planes. */
  readonly planes: Float32Array
  readonly label?: Float32Array
  readonly weights?: WeightGradients
}

/** What a backward pass finds besides the gradients that every use needs. */
interface Want {
  /** of the camera label */
  readonly label?: boolean
  /** of every weight */
  readonly weights?: boolean
  /** of the backbone's noise pictures, which are no weights; they come back among them */
  readonly noise?: boolean
  /** false where that of the super-resolution's code is not: it comes back as zeros */
  readonly w?: boolean
}

export class Generator {
  readonly config: GeneratorConfig
  readonly renderer: Renderer
  readonly runtime: Runtime
  /** By EG3D's state names. An entry may be exchanged for an array of the same length: that is how tuning works. */
  readonly weights: Record<string, Float32Array>
  /** None where the generator's file holds none. */
  readonly directions: Directions
  /** The weights as they were given: their shapes. */
  readonly shapes: Weights
  private readonly residents: Record<string, Resident>
  private readonly vjps = new Map<string, Vjp>()
  private painted: Resident | undefined

  constructor(runtime: Runtime, config: GeneratorConfig, weights: Weights, directions: Directions = new Map()) {
    this.runtime = runtime
    this.config = config
    this.directions = directions
    this.shapes = weights
    this.weights = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
    this.residents = residents(this.weights)
    this.renderer = new Renderer(runtime, config, weights)
  }

  /** The weights as programs take them, kept in GPU memory; an entry of `weights` that was exchanged is renewed. */
  get feeds(): Feeds {
    for (const [name, resident] of Object.entries(this.residents)) {
      if (resident.data !== this.weights[name]) resident.set(this.weights[name])
    }
    return this.residents
  }

  /** The mean latent [w_dim]. */
  get meanLatent(): Float32Array {
    return this.weights['backbone.mapping.w_avg']
  }

  /**
   * Maps a code to w.
   * @param z [z_dim]
   * @param label camera the mapping is conditioned on, [25]; ignored where the generator is camera-blind
   * @param psi truncation: 1 none, 0 the mean latent
   * @returns [w_dim]
   */
  async map(z: Float32Array, label: Float32Array, psi = 1): Promise<Float32Array> {
    const w = await this.mapAll(z, label)
    return psi === 1 ? w : truncate(w, this.meanLatent, psi)
  }

  /** Maps codes [count * z_dim], all for one camera, at once: [count * w_dim]. */
  async mapAll(z: Float32Array, label: Float32Array): Promise<Float32Array> {
    const { config } = this
    const count = z.length / config.z_dim
    const vjp = this.vjp(`map/${count}`, (parameters) => {
      const z = input('z', [count, config.z_dim])
      const labels = expand(input('label', [1, config.c_dim]), [count, config.c_dim])
      return { outputs: { w: mapping(config, parameters, z, labels) }, leaves: { z } }
    })
    const seen = config.rendering_kwargs.c_gen_conditioning_zero ? new Float32Array(config.c_dim) : label
    return (await vjp.forward({ ...this.feeds, z, label: seen })).w
  }

  /** One w for every layer: [num_ws * w_dim]. */
  repeat(w: Float32Array): Float32Array {
    const ws = new Float32Array(this.config.num_ws * w.length)
    for (let i = 0; i < this.config.num_ws; i++) ws.set(w, i * w.length)
    return ws
  }

  /**
   * Paints the planes.
   * @param ws [num_ws * w_dim]
   * @param trace given where `planesBackward` may follow
   */
  async planes(ws: Float32Array, trace?: Trace): Promise<Planes> {
    const { planes } = await this.painting().forward({ ...this.feeds, ws }, trace)
    return { data: planes, ...layoutOf(this.config) }
  }

  /** `planes` that stay in GPU memory, where the runtime keeps them there, until the next call. */
  async paint(ws: Float32Array, trace?: Trace): Promise<Planes | ResidentPlanes> {
    if (!this.runtime.keepsResidents) return this.planes(ws, trace)
    const layout = layoutOf(this.config)
    this.painted ??= new Resident(new Float32Array(planesLength(layout)))
    await this.painting().forward({ ...this.feeds, ws }, trace, { planes: this.painted })
    return { resident: this.painted, ...layout }
  }

  /** The adjoint of `planes`. @param trace that of the call whose adjoint it is: saves computing it again */
  async planesBackward(
    ws: Float32Array,
    gradient: Float32Array | Resident,
    want: Pick<Want, 'weights' | 'noise'> = {},
    trace?: Trace,
  ): Promise<{ ws: Float32Array; weights: WeightGradients }> {
    const cotangents = { planes: gradient }
    const { ws: result, ...weights } = await this.painting().backward({ ...this.feeds, ws }, cotangents, want, trace)
    return { ws: result, weights }
  }

  /**
   * The super-resolution: the final picture from a rendering, for generators that have one.
   * @param trace given where `enhanceBackward` may follow
   * @param blocks the picture after so many of its blocks; default: all
   */
  async enhance(
    features: Float32Array,
    ws: Float32Array,
    trace?: Trace,
    blocks?: number,
  ): Promise<{ image: Float32Array; raw: Float32Array }> {
    const vjp = this.enhancement(this.sideOf(features), blocks)
    const { image, raw } = await vjp.forward({ ...this.feeds, features, w: this.lastOf(ws) }, trace)
    return { image, raw }
  }

  /**
   * The adjoint of `enhance`; the gradient of ws falls on its last row.
   * @param trace that of the call whose adjoint it is: saves computing it again
   * @param blocks as in that call
   */
  async enhanceBackward(
    features: Float32Array,
    ws: Float32Array,
    cotangent: { image?: Float32Array; raw?: Float32Array },
    want: Pick<Want, 'weights' | 'w'> = {},
    trace?: Trace,
    blocks?: number,
  ): Promise<{ features: Float32Array; w: Float32Array; weights: WeightGradients }> {
    const n = this.sideOf(features)
    const size = pictureSide(this.config, blocks)
    const { image = new Float32Array(3 * size * size), raw = new Float32Array(3 * n * n) } = cotangent
    const feeds = { ...this.feeds, features, w: this.lastOf(ws) }
    const vjp = this.enhancement(n, blocks)
    const leaves = want.w === false ? ['features'] : undefined
    const gradients = await vjp.backward(feeds, { image, raw }, { weights: want.weights, leaves }, trace)
    const { features: dFeatures, w: dW = new Float32Array(this.config.w_dim), ...weights } = gradients
    return { features: dFeatures, w: dW, weights }
  }

  /** ws and a camera to a view. Where only some pixels are rendered, the others are empty and white. */
  async view(ws: Float32Array, label: Float32Array, options: ViewOptions = {}): Promise<View> {
    const trace: Trace | undefined = options.keep === false ? undefined : {}
    const planes = options.planes ?? (await this.planes(ws, trace))
    const plain = options.plain ?? !this.config.super_resolution
    const rendered = await this.renderer.render(this.feeds, planes, label, {
      ...(plain && { wanted: 'colours' }),
      ...options,
    })
    const { pixels, blocks } = options
    const rendering = pixels ? spread(rendered, pixels) : rendered
    const frame = plain ? 0 : frameOf(this.config, blocks)
    const view = { rendering, ws, plain, frame, blocks, pixels, trace }
    if (!plain) return { ...(await this.enhance(rendering.features, ws, trace, blocks)), ...view }
    const raw = coloursOf(rendering.features, rendering.channels)
    return { image: raw, raw, ...view }
  }

  /** Gradients of sum <cotangent, view> with respect to everything the view came from. */
  async backward(view: View, cotangent: ViewGradient, want: Want = {}): Promise<Gradients> {
    const { ws, trace } = view
    const { w, ...shown } = await this.backwardToPlanes(view, cotangent, want)
    const painted = await this.planesBackward(ws, shown.planes, want, trace)
    const last = painted.ws.subarray(ws.length - this.config.w_dim)
    w.forEach((value, i) => {
      last[i] += value
    })
    const weights = { ...painted.weights, ...shown.weights }
    return { ...shown, ws: painted.ws, ...((want.weights || want.noise) && { weights }) }
  }

  /** The part of `backward` that ends at the planes, for heads whose planes are no longer the backbone's alone. */
  async backwardToPlanes(
    view: View,
    cotangent: ViewGradient,
    want: Want = {},
  ): Promise<Omit<Gradients, 'ws'> & { readonly w: Float32Array }> {
    const { gradient, w, weights } = await this.backwardToRendering(view, cotangent, want)
    const { planes, ...found } = await this.renderer.backward(this.feeds, view.rendering.tape, gradient, want)
    return { planes, w, ...found, ...(want.weights && { weights: { ...found.weights, ...weights } }) }
  }

  /**
   * `backwardToPlanes`, with the gradient of the planes, times `weight`, added to a sum.
   * @param sum that the renderer gave for the view's planes
   */
  async backwardInto(
    sum: PlanesSum,
    weight: number,
    view: View,
    cotangent: ViewGradient,
    want: Pick<Want, 'label' | 'w'> = {},
  ): Promise<{ readonly w: Float32Array; readonly label?: Float32Array }> {
    const { gradient, w } = await this.backwardToRendering(view, cotangent, want)
    const { label } = await this.renderer.backwardInto(sum, weight, this.feeds, view.rendering.tape, gradient, want)
    return { w, label }
  }

  private async backwardToRendering(
    { rendering, ws, plain, blocks, pixels, trace }: View,
    cotangent: ViewGradient,
    want: Want,
  ): Promise<{ gradient: RenderingGradient; w: Float32Array; weights: WeightGradients }> {
    const { features, channels } = rendering
    const enhanced = plain
      ? { features: undefined, w: new Float32Array(this.config.w_dim), weights: {} }
      : await this.enhanceBackward(features, ws, cotangent, want, trace, blocks)
    const pictures = plain ? [cotangent.image, cotangent.raw, cotangent.rendered] : [cotangent.rendered]
    const { depth, opacity } = cotangent
    const shown = withColours(
      enhanced.features,
      pictures.filter((picture) => picture !== undefined),
      features.length,
      channels,
    )
    const full = { features: shown, depth, opacity }
    return { gradient: pixels ? gather(full, pixels, channels) : full, w: enhanced.w, weights: enhanced.weights }
  }

  private painting(): Vjp {
    return this.vjp('planes', (parameters) => {
      const { config } = this
      const layout = layoutOf(config)
      const { resolution: size, channels } = layout
      const ws = input('ws', [1, config.num_ws, config.w_dim])
      const image = backbone(config, parameters, ws)
      const planes = transpose(reshape(image, [sliceCount(layout), channels, size, size]), [0, 2, 3, 1])
      return { outputs: { planes }, leaves: { ws } }
    })
  }

  /** @param n side of the rendering */
  private enhancement(n: number, blocks?: number): Vjp {
    // Where there are no more blocks than are asked for, that is the whole picture's model.
    const made = this.config.super_resolution?.channels.slice(0, blocks).length
    return this.vjp(`enhance/${n}/${made}`, (parameters) => {
      const { config } = this
      const features = input('features', [n * n, config.decoder_output_dim])
      const w = input('w', [1, config.w_dim])
      const picture = transpose(reshape(features, [1, n, n, config.decoder_output_dim]), [0, 3, 1, 2])
      const { image, raw } = superResolution(config, parameters, picture, w, blocks)
      return { outputs: { image, raw }, leaves: { features, w } }
    })
  }

  private vjp(key: string, describe: (parameters: Parameters) => Omit<VjpGraph, 'parameters'>): Vjp {
    let vjp = this.vjps.get(key)
    if (!vjp) {
      const parameters = new Parameters(this.shapes)
      vjp = new Vjp(this.runtime, { parameters, ...describe(parameters) })
      this.vjps.set(key, vjp)
    }
    return vjp
  }

  private sideOf(features: Float32Array): number {
    const n = Math.sqrt(features.length / this.config.decoder_output_dim)
    if (!Number.isInteger(n)) throw new Error('Generator.enhance: the rendering is not a square picture')
    return n
  }

  private lastOf(ws: Float32Array): Float32Array {
    return ws.slice(ws.length - this.config.w_dim)
  }
}

/** Of the picture that is fitted the outermost pixels; twice as wide and one more where it is doubled again. */
function frameOf(config: GeneratorConfig, blocks?: number): number {
  return (2 * pictureSide(config, blocks)) / pictureSide(config, FITTED_BLOCKS) - 1
}

/** The first three of each ray's features, [n * n * channels], as a picture [3 * n * n]. */
export function coloursOf(features: Float32Array, channels: number): Float32Array {
  const area = features.length / channels
  const picture = new Float32Array(3 * area)
  for (let i = 0; i < 3 * area; i++) picture[i] = features[(i % area) * channels + Math.floor(i / area)]
  return picture
}

/**
 * The adjoint of a rendering's own colours, added to that of its features.
 * @returns nothing where there is neither
 */
function withColours(
  features: Float32Array | undefined,
  pictures: readonly Float32Array[],
  length: number,
  channels: number,
): Float32Array | undefined {
  if (pictures.length === 0) return features
  const result = features ?? new Float32Array(length)
  const area = length / channels
  for (const picture of pictures) {
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < 3; k++) result[i * channels + k] += picture[k * area + i]
    }
  }
  return result
}

/** A rendering of some pixels as one of all: the rest shows nothing, on white. */
function spread(rendering: Rendering, pixels: Uint32Array): Rendering {
  const { channels } = rendering
  const { resolution, farthest } = rendering.tape
  const count = resolution * resolution
  const features = new Float32Array(count * channels).fill(1)
  const depth = new Float32Array(count).fill(farthest)
  const opacity = new Float32Array(count)
  scatterRows(rendering.features, pixels, channels, features)
  scatterRows(rendering.depth, pixels, 1, depth)
  scatterRows(rendering.opacity, pixels, 1, opacity)
  return { features, channels, depth, opacity, tape: rendering.tape }
}

/** The adjoint of `spread`. */
function gather(
  { features, depth, opacity }: RenderingGradient,
  pixels: Uint32Array,
  channels: number,
): RenderingGradient {
  const take = (values: Float32Array | undefined, width: number) => values && gatherRows(values, pixels, width)
  return { features: take(features, channels), depth: take(depth, 1), opacity: take(opacity, 1) }
}
