/**
 * Volume rendering of planes from a camera, forward and backward (docs/eg3d.md, Planes to March). What has no gradient is
 * here: rays, and the depths along them. What has one is a pass over their samples (`passes.ts`); the backward pass computes
 * them again, so that depths are all that is kept.
 *
 * Neighbouring rays meet the same texels, so rays are taken in square blocks of the picture: row by row each ray would
 * find the texels of its neighbour above gone from the cache (2.4 times slower sampling at full size).
 *
 * Where the runtime keeps planes in GPU memory, whole views are rendered there (`graph-renderer.ts`), and shape and colour
 * apart are seen and painted there (`graph-painter.ts`).
 *
 * Planes may take their density from others (`Planes.shape`). Then what a camera sees of the shape is found first, and
 * colour is decoded only where something is seen: a few samples of a ray. The gradient is one of colour alone.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import type { Shape } from '../graph/index.ts'
import { Resident } from '../runtime/resident.ts'
import type { Feeds, Runtime } from '../runtime/runtime.ts'
import { GraphPainter } from './graph-painter.ts'
import { GraphPasses } from './graph-passes.ts'
import { GraphRenderer, type GraphTape } from './graph-renderer.ts'
import { fitsKernel, KernelPasses } from './kernel-passes.ts'
import type { Asked, Look, Passes } from './passes.ts'
import { layoutOf, type PlaneLayout, type Planes, planesLength, type ResidentPlanes, shapeOf } from './plane-layout.ts'
import { PlanesSum } from './planes-sum.ts'
import { castRays, castRaysBackward, type Rays } from './rays.ts'
import { pixelRows, type ResidentGradient, type ResidentRendering } from './resident-rendering.ts'
import { gatherRows, scatterRows } from './rows.ts'
import { coarseDepths, type Draw, drawJitter, type Jitter } from './sampling.ts'

/** What gives less than this of a ray's light is not seen: its place shows what is behind the head. */
const LEAST_SHARE = 5e-4

/** Side of the blocks in which rays are taken, in pixels. 8 and 32 are as good, 4 and 128 are not. */
const BLOCK = 16

/** The first channels of a feature. */
const COLOURS = 3

export interface RenderOptions {
  /** Side of the picture in rays; default: the generator's neural rendering resolution. */
  readonly resolution?: number
  /** Render only these rays (row * resolution + column). */
  readonly pixels?: Uint32Array
  /** Samples a ray; default: the generator's. fine 0: the coarse pass is the picture. */
  readonly coarse?: number
  readonly fine?: number
  /** Without it sampling is deterministic. */
  readonly jitter?: Jitter | Draw
  /** Default: all features. */
  readonly wanted?: Wanted
  /** What `see` gave for the same shape, camera and options: saves looking again where only colour has changed. */
  readonly sight?: Raster
}

/**
 * What of a picture is looked at beside depth and opacity: every feature; the first three, the colours; none, and then all looks like what is behind the head.
 */
type Wanted = 'features' | 'colours' | 'shape'

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
  /** [M * C], -1..1, ray by ray; the first three are the raw colour. */
  readonly features: Float32Array
  /** C: decoder_output_dim, or 3 where no more is wanted. */
  readonly channels: number
  /** [M], world units along the ray. */
  readonly depth: Float32Array
  /** [M], 0..1 */
  readonly opacity: Float32Array
  readonly tape: Tape | GraphTape
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

/** The rays of a view before it is known where along them they are sampled. */
type ViewLook = Look & Omit<Cast, 'samples' | 'depths'>

const castOf = (
  { label, resolution, order, pixels, rays, samples, fine, farthest }: ViewLook,
  depths: Float32Array,
) => ({
  ...{ label, resolution, order, pixels, rays, farthest, depths },
  samples: samples + fine,
})

/** What the backward pass needs of the forward one. */
interface Tape extends Cast {
  readonly planes: Planes | ResidentPlanes
  /** Where density comes from other planes. */
  readonly sight?: Raster
}

/** That of a picture in GPU memory of what is seen. */
export interface PaintTape {
  readonly planes: ResidentPlanes
  readonly sight: Raster
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
  private readonly graph: Passes
  private readonly passes: Passes
  private readonly runtime: Runtime
  /** Where planes are kept in GPU memory. */
  private readonly device: { readonly whole: GraphRenderer; readonly painter: GraphPainter } | undefined
  private readonly uploaded = new WeakMap<Planes, Resident>()
  private deviceSum: PlanesSum | undefined

  constructor(runtime: Runtime, config: GeneratorConfig, shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.config = config
    this.runtime = runtime
    if (runtime.keepsResidents) {
      const whole = new GraphRenderer(runtime, config, shapes)
      this.device = { whole, painter: new GraphPainter(runtime, config, shapes) }
    }
    this.graph = new GraphPasses(runtime, config, shapes)
    const usesKernel = runtime.provider.name === 'cpu' && fitsKernel(config)
    this.passes = usesKernel ? new KernelPasses(config, runtime.threads) : this.graph
  }

  /**
   * @param weights the decoder's weights by name
   * @param label camera, 25 numbers
   */
  async render(
    weights: Feeds,
    planes: Planes | ResidentPlanes,
    label: Float32Array,
    options: RenderOptions = {},
  ): Promise<Rendering> {
    const { wanted } = options
    if (options.sight) return this.paint(weights, planes, options.sight, wanted)
    if ('resident' in planes) return this.renderWhole(weights, planes, label, options)
    if (planes.shape) return this.paint(weights, planes, await this.see(weights, planes, label, options), wanted)
    if (this.device) return this.renderWhole(weights, planes, label, options)
    const look = this.look(label, options)
    const { channels } = look
    const { depths, ...marched } = await this.marched(weights, planes, look, wanted !== 'shape')
    return { ...inRows(look.order, marched, channels), channels, tape: { planes, ...castOf(look, depths) } }
  }

  private renderWhole(weights: Feeds, planes: Planes | ResidentPlanes, label: Float32Array, options: RenderOptions) {
    if (!this.device) throw new Error('Renderer.render: the planes are in GPU memory')
    return this.device.whole.render(weights, wholeHead(this.resident(planes)), label, this.wholeOf(options))
  }

  /**
   * `render` of planes in GPU memory, with a picture that stays there, until the next of its kind. Of colours or all features.
   */
  async renderResident(
    weights: Feeds,
    planes: ResidentPlanes,
    label: Float32Array,
    options: RenderOptions,
  ): Promise<ResidentRendering> {
    if (!this.device) throw new Error('Renderer.renderResident: there is no GPU that keeps anything')
    const { sight, wanted } = options
    if (!sight) return this.device.whole.renderResident(weights, wholeHead(planes), label, this.wholeOf(options))
    const painted = await this.device.painter.paintResident(weights, planes, sight, this.channelsOf(wanted))
    const { resolution, farthest, order, pixels } = sight.cast
    const byRow = new Uint32Array(pixels.length)
    order.forEach((row, i) => {
      byRow[row] = pixels[i]
    })
    return { ...painted, pixels: pixelRows(byRow, painted.rows), resolution, farthest, tape: { planes, sight } }
  }

  /** `backwardInto` of such a rendering. */
  async backwardResident(
    sum: PlanesSum,
    weight: number,
    weights: Feeds,
    { tape }: ResidentRendering,
    cotangent: ResidentGradient,
    want: { label?: boolean } = {},
  ): Promise<{ label?: Float32Array }> {
    const { whole, painter } = this.device!
    if ('resident' in tape) return whole.backward(weights, tape, cotangent, want, sum, weight)
    const { features } = cotangent
    if (features) await painter.paintBackward(weights, tape.planes, tape.sight, features, sum, weight)
    return {}
  }

  private async marched(weights: Feeds, planes: Planes, look: ViewLook, colours: boolean) {
    if (colours) return this.passes.march(weights, planes, look)
    const empty = this.config.rendering_kwargs.white_back ? 1 : -1
    const image = new Float32Array(look.order.length * look.channels).fill(empty)
    return { image, ...(await this.passes.see(weights, planes, look)) }
  }

  /** What a camera sees of a head's shape, before any colour. */
  async see(weights: Feeds, planes: Planes, label: Float32Array, options: RenderOptions = {}): Promise<Raster> {
    const shape = shapeOf(planes)
    const look = this.look(label, options)
    const { order } = look
    const { origins, directions } = look.rays
    const {
      shares: all,
      depths,
      ...seen
    } = this.device
      ? await this.device.painter.see(weights, this.resident(shape).resident, look)
      : await this.passes.see(weights, shape, look)
    const cast = castOf(look, depths)
    const { samples } = cast
    const places = placesOf(all, LEAST_SHARE)
    const points = new Float32Array(3 * places.length)
    const rows = new Uint32Array(places.length)
    for (let i = 0; i < places.length; i++) {
      const ray = Math.floor(places[i] / samples)
      const t = depths[places[i]]
      for (let k = 0; k < 3; k++) points[3 * i + k] = origins[3 * ray + k] + t * directions[3 * ray + k]
      rows[i] = order[ray]
    }
    const [depth, opacity] = [new Float32Array(order.length), new Float32Array(order.length)]
    scatterRows(seen.depth, order, 1, depth)
    scatterRows(seen.opacity, order, 1, opacity)
    return { depth, opacity, points, rows, shares: gatherRows(all, places, 1), cast }
  }

  /** The picture of what is seen, coloured by planes. */
  private async paint(
    weights: Feeds,
    planes: Planes | ResidentPlanes,
    sight: Raster,
    wanted?: Wanted,
  ): Promise<Rendering> {
    const kwargs = this.config.rendering_kwargs
    const channels = this.channelsOf(wanted)
    const { depth, opacity, points, rows, shares, cast } = sight
    if (this.device) {
      const features = await this.device.painter.paint(weights, this.resident(planes), sight, channels)
      return { features, channels, depth, opacity, tape: { planes, sight, ...cast } }
    }
    if ('resident' in planes) throw new Error('Renderer.render: the planes are in GPU memory')
    const features = new Float32Array(depth.length * channels)
    const covered = new Float32Array(depth.length)
    const colours = await this.query(weights, planes, points, channels === COLOURS ? 'rgb' : 'colour')
    for (let i = 0; i < rows.length; i++) {
      covered[rows[i]] += shares[i]
      for (let k = 0; k < channels; k++) features[rows[i] * channels + k] += shares[i] * colours[i * channels + k]
    }
    for (let row = 0; row < covered.length; row++) {
      const behind = kwargs.white_back ? 1 - covered[row] : 0
      for (let i = row * channels; i < (row + 1) * channels; i++) features[i] = 2 * (features[i] + behind) - 1
    }
    return { features, channels, depth, opacity, tape: { planes, sight, ...cast } }
  }

  /** The rays of a view, and how they are sampled: evenly, then where the coarse samples met something. */
  private look(label: Float32Array, options: RenderOptions): ViewLook {
    const { resolution, coarse: samples, fine } = this.samplesOf(options)
    const order = inBlocks(resolution, options.pixels)
    const pixels = options.pixels ? order.map((row) => options.pixels![row]) : order
    const rays = castRays(label, resolution, pixels)
    const moved =
      options.jitter && 'seed' in options.jitter
        ? drawJitter(options.jitter, order.length, samples, fine)
        : options.jitter
    const jitter = moved && {
      coarse: gatherRows(moved.coarse, order, samples),
      fine: gatherRows(moved.fine, order, fine),
    }
    const coarse = coarseDepths(this.config.rendering_kwargs, rays, samples, jitter?.coarse)
    // Those that are drawn lie between these.
    let farthest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < coarse.length; i++) farthest = Math.max(farthest, coarse[i])
    const channels = this.channelsOf(options.wanted)
    return { label, resolution, order, pixels, rays, coarse, samples, fine, jitter: jitter?.fine, farthest, channels }
  }

  private channelsOf(wanted: Wanted = 'features'): number {
    return wanted === 'features' ? this.config.decoder_output_dim : COLOURS
  }

  private samplesOf({ resolution, coarse, fine }: RenderOptions) {
    const { neural_rendering_resolution, rendering_kwargs: kwargs } = this.config
    return {
      resolution: resolution ?? neural_rendering_resolution,
      coarse: coarse ?? kwargs.depth_resolution,
      fine: fine ?? kwargs.depth_resolution_importance,
    }
  }

  /** What a view as a whole is asked for: its rays one by one. */
  private wholeOf({ pixels, jitter, wanted = 'features', ...options }: RenderOptions) {
    const samples = this.samplesOf(options)
    const every = () => Uint32Array.from({ length: samples.resolution ** 2 }, (_, i) => i)
    return { ...samples, pixels: pixels ?? every(), jitter, wanted }
  }

  /** Planes, without those of their density, as they are taken to GPU memory and kept there. */
  resident(planes: Planes | ResidentPlanes): ResidentPlanes {
    if ('resident' in planes) return planes
    const { resolution, channels, layers } = planes
    let resident = this.uploaded.get(planes)
    if (!resident) {
      resident = new Resident(planes.data)
      this.uploaded.set(planes, resident)
    }
    return { resident, resolution, channels, layers }
  }

  /** An empty sum for gradients of planes: in GPU memory, where there is one, the last caller's, or in main memory. */
  planesSum(planes: PlaneLayout): PlanesSum {
    const length = planesLength(planes)
    if (!this.device) return new PlanesSum(length)
    if (this.deviceSum?.values.length !== length) this.deviceSum = new PlanesSum(length)
    this.deviceSum.clear()
    return this.deviceSum
  }

  /**
   * `backward`, with the gradient of the planes, times `weight`, added to a sum.
   * @param sum that `planesSum` gave for the planes
   */
  async backwardInto(
    sum: PlanesSum,
    weight: number,
    weights: Feeds,
    tape: Tape | GraphTape,
    cotangent: RenderingGradient,
    want: { label?: boolean; weights?: boolean } = {},
  ): Promise<Omit<RenderGradients, 'planes'>> {
    if ('resident' in tape) return this.device!.whole.backward(weights, tape, cotangent, want, sum, weight)
    const { planes, order, sight } = tape
    if (this.device && sight) {
      assertColour(cotangent, want)
      const { features } = cotangent
      if (features)
        await this.device.painter.paintBackward(weights, this.resident(planes), sight, features, sum, weight)
      return {}
    }
    if ('resident' in planes) throw new Error('Renderer.backward: the planes are in GPU memory')
    const weighed = (values: Float32Array | undefined) =>
      weight === 1 ? values : values?.map((value) => weight * value)
    const features = weighed(cotangent.features)
    const [depth, opacity] = [weighed(cotangent.depth), weighed(cotangent.opacity)]
    if (sight) {
      await this.paintBackward(weights, planes, sight, { features, depth, opacity }, want, sum)
      return {}
    }
    const ofRays = (values: Float32Array | undefined, width: number) => values && gatherRows(values, order, width)
    const gradient = {
      image: ofRays(features, (features?.length ?? 0) / order.length),
      depth: ofRays(depth, 1),
      opacity: ofRays(opacity, 1),
    }
    const passes = want.weights ? this.graph : this.passes
    const asked = { rays: want.label, weights: want.weights }
    const { rays, ...found } = await passes.marchBackward(weights, planes, tape, gradient, asked, sum)
    const { label, resolution, pixels } = tape
    const ofLabel = rays && castRaysBackward(label, resolution, rays, pixels)
    return { ...found, ...(ofLabel && { label: ofLabel.map((value) => value / weight) }) }
  }

  /**
   * Gradients of sum <cotangent, rendering>.
   * @param want what else than the planes' gradient is needed
   */
  async backward(
    weights: Feeds,
    tape: Tape | GraphTape,
    cotangent: RenderingGradient,
    want: { label?: boolean; weights?: boolean } = {},
  ): Promise<RenderGradients> {
    const sum = this.planesSum('resident' in tape ? layoutOf(this.config) : tape.planes)
    const others = await this.backwardInto(sum, 1, weights, tape, cotangent, want)
    return { planes: await this.runtime.read(sum.values), ...others }
  }

  /** The adjoint of `paint`: only colour moves. */
  private async paintBackward(
    weights: Feeds,
    planes: Planes,
    { points, rows, shares, depth: seen }: Raster,
    gradient: RenderingGradient,
    want: { label?: boolean; weights?: boolean },
    sum: PlanesSum,
  ): Promise<void> {
    assertColour(gradient, want)
    const { features: cotangent } = gradient
    if (!cotangent) return
    const channels = cotangent.length / seen.length
    const colour = new Float32Array(rows.length * channels)
    for (let i = 0; i < rows.length; i++) {
      const [from, share] = [rows[i] * channels, 2 * shares[i]]
      for (let k = 0; k < channels; k++) colour[i * channels + k] = share * cotangent[from + k]
    }
    await this.passes.colourBackward(weights, planes, points, colour, sum)
  }

  /**
   * The field itself at world points: raw density or colour.
   * @param points [M * 3]
   * @returns sigma [M]; colour [M * decoder_output_dim], about 0..1; rgb, its first three channels [M * 3]
   */
  query(weights: Feeds, planes: Planes, points: Float32Array, what: Asked): Promise<Float32Array> {
    const asked = what === 'sigma' ? shapeOf(planes) : planes
    if (this.device) return this.device.painter.query(weights, this.resident(asked), points, what)
    return this.passes.query(weights, asked, points, what)
  }
}

/** Planes that tell shape as well. */
function wholeHead({ resident, isColour }: ResidentPlanes): Resident {
  if (isColour) throw new Error('Renderer.render: the planes tell colour alone, which takes a sight')
  return resident
}

function assertColour({ depth, opacity }: RenderingGradient, want: { label?: boolean; weights?: boolean }): void {
  if (!depth && !opacity && !want.label && !want.weights) return
  throw new Error('Renderer.backward: where density comes from other planes, only colour has a gradient')
}

/** The rows of a rendering in the order in which they are computed: by blocks of the picture. */
function inBlocks(resolution: number, pixels?: Uint32Array): Uint32Array {
  const across = Math.ceil(resolution / BLOCK)
  const count = pixels?.length ?? resolution * resolution
  const blocks = new Uint32Array(count)
  /** Where the next row of a block goes. */
  const next = new Uint32Array(across * across + 1)
  for (let row = 0; row < count; row++) {
    const pixel = pixels?.[row] ?? row
    const line = Math.floor(pixel / resolution)
    blocks[row] = Math.floor(line / BLOCK) * across + Math.floor((pixel % resolution) / BLOCK)
    next[blocks[row] + 1]++
  }
  for (let block = 0; block < across * across; block++) next[block + 1] += next[block]
  const order = new Uint32Array(count)
  for (let row = 0; row < count; row++) order[next[blocks[row]]++] = row
  return order
}

/** Where values reach `least`. */
function placesOf(values: Float32Array, least: number): Uint32Array {
  const places = new Uint32Array(values.length)
  let count = 0
  for (let at = 0; at < values.length; at++) if (values[at] >= least) places[count++] = at
  return places.slice(0, count)
}

/** What was computed by ray, by row. */
function inRows(
  order: Uint32Array,
  marched: { image: Float32Array; depth: Float32Array; opacity: Float32Array },
  channels: number,
) {
  const rows = (values: Float32Array, width: number) => {
    const result = new Float32Array(values.length)
    scatterRows(values, order, width, result)
    return result
  }
  return { features: rows(marched.image, channels), depth: rows(marched.depth, 1), opacity: rows(marched.opacity, 1) }
}
