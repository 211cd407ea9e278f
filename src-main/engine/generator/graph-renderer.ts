/**
 * Rendering on a GPU: one model a view, and one for its adjoint (graph-rendering.ts). Planes, their gradient and the
 * samples' depths stay in GPU memory; what crosses is the camera, which pixels and random numbers, and the picture.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, type Shape, slice, type Tensor } from '../graph/index.ts'
import { Resident } from '../runtime/resident.ts'
import type { Feeds, Runtime } from '../runtime/runtime.ts'
import { adjoint, trainable, unprefixed } from './adjoint.ts'
import { addedToSum, paddedCount, planesInput, repeatLast, sumFeeds } from './graph-feeds.ts'
import { drawPlace, drawTensor } from './graph-jitter.ts'
import { type Cast, castTensors, marchTensors, type SceneTensors } from './graph-rendering.ts'
import { Parameters } from './parameters.ts'
import { layoutOf } from './plane-layout.ts'
import type { PlanesSum } from './planes-sum.ts'
import { Programs } from './programs.ts'
import { pixelRows, type ResidentRendering } from './resident-rendering.ts'
import type { Draw, Jitter } from './sampling.ts'

/** Channels of a picture that is looked at. */
const COLOURS = 3

interface GraphOptions {
  readonly resolution: number
  readonly pixels: Uint32Array
  readonly coarse: number
  readonly fine: number
  /** As it is, or to be drawn in the model. */
  readonly jitter?: Jitter | Draw
  /** Of a picture: its features, the first three of them, or none, which then look like what is behind the head. */
  readonly wanted: 'features' | 'colours' | 'shape'
}

/** What the adjoint needs of a rendering. */
export interface GraphTape extends GraphOptions {
  readonly resident: Resident
  readonly label: Float32Array
  /** The greatest depth of the view: what rays get that meet nothing. */
  readonly farthest: number
}

interface GraphRendering {
  /** [M * C], -1..1, ray by ray. */
  readonly features: Float32Array
  readonly channels: number
  /** [M] */
  readonly depth: Float32Array
  readonly opacity: Float32Array
  readonly tape: GraphTape
}

/** Gradients that are wanted besides those of the planes. */
interface Want {
  readonly label?: boolean
  readonly weights?: boolean
}

/** The depths that the last rendering of a kind has left, and whose they are. */
interface Left {
  readonly depths: Resident
  of?: GraphTape
}

/** What a rendering is written to where it stays. */
type Picture = Pick<ResidentRendering, 'features' | 'depth' | 'opacity'>

export class GraphRenderer {
  private readonly config: GeneratorConfig
  private readonly shapes: ReadonlyMap<string, { readonly shape: Shape }>
  private readonly programs: Programs
  private readonly left = new Map<string, Left>()
  private readonly pictures = new Map<string, Picture>()

  constructor(runtime: Runtime, config: GeneratorConfig, shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.programs = new Programs(runtime)
    this.config = config
    this.shapes = shapes
  }

  /**
   * @param weights the decoder's by name
   * @param planes [slices * R * R * C]
   * @param label camera, 25 numbers
   */
  async render(weights: Feeds, planes: Resident, label: Float32Array, options: GraphOptions): Promise<GraphRendering> {
    const count = options.pixels.length
    const { features, depth, opacity, farthest, left } = await this.forward(weights, planes, label, options)
    const tape = { ...options, resident: planes, label, farthest: farthest[0] }
    left.of = tape
    return {
      features: features ? features.subarray(0, this.width(options) * count) : this.nothing(count),
      channels: this.width(options) || COLOURS,
      depth: depth.subarray(0, count),
      opacity: opacity.subarray(0, count),
      tape,
    }
  }

  /** `render`, of colours or all features, with a picture that stays. */
  async renderResident(
    weights: Feeds,
    planes: Resident,
    label: Float32Array,
    options: GraphOptions,
  ): Promise<ResidentRendering> {
    const { resolution, pixels } = options
    const rows = paddedCount(pixels.length)
    const channels = this.width(options)
    const key = this.keyOf(options)
    let picture = this.pictures.get(key)
    if (!picture) {
      const empty = (width: number) => new Resident(new Float32Array(rows * width))
      picture = { features: empty(channels), depth: empty(1), opacity: empty(1) }
      this.pictures.set(key, picture)
    }
    const { farthest, left } = await this.forward(weights, planes, label, options, picture)
    const tape = { ...options, resident: planes, label, farthest: farthest[0] }
    left.of = tape
    const seen = { rows, pixels: pixelRows(pixels, rows), resolution, channels, farthest: farthest[0], tape }
    return { ...picture, ...seen }
  }

  /**
   * Gradients of sum <cotangent, rendering>; that of the planes, times `weight`, is added to `sum`.
   * @param cotangent what is left out is zero
   * @returns of the label, and of the decoder's weights where wanted
   */
  async backward(
    weights: Feeds,
    tape: GraphTape,
    cotangent: Readonly<Partial<Record<'features' | 'depth' | 'opacity', Float32Array | Resident>>>,
    want: Want,
    sum: PlanesSum,
    weight = 1,
  ): Promise<{ label?: Float32Array; weights: Record<string, Float32Array> }> {
    const key = this.keyOf(tape)
    const left = this.left.get(key)
    if (left?.of !== tape) {
      await this.forward(weights, tape.resident, tape.label, tape)
      this.left.get(key)!.of = tape
    }
    const rays = paddedCount(tape.pixels.length)
    const filled = (values: Float32Array | Resident | undefined, width: number) => {
      if (values instanceof Resident) return values
      const result = new Float32Array(rays * width)
      if (values) result.set(values)
      return result
    }
    const program = await this.programs.get(`backward/${want.label ?? false}/${want.weights ?? false}/${key}`, () =>
      this.describeBackward(tape, want),
    )
    const { 'd.label': ofLabel, ...others } = await program.run(
      {
        ...weights,
        planes: tape.resident,
        label: tape.label,
        pixels: pixelsOf(tape.pixels),
        depths: this.left.get(key)!.depths,
        farthest: Float32Array.of(tape.farthest),
        'cotangent.features': filled(cotangent.features, this.width(tape)),
        'cotangent.depth': filled(cotangent.depth, 1),
        'cotangent.opacity': filled(cotangent.opacity, 1),
        ...sumFeeds(sum, weight),
      },
      undefined,
      { 'd.planes': sum.values },
    )
    sum.filled()
    return { ...(ofLabel && { label: ofLabel }), weights: unprefixed(others) }
  }

  /** How a picture looks that shows nothing, in colours. */
  private nothing(count: number): Float32Array {
    return new Float32Array(COLOURS * count).fill(this.config.rendering_kwargs.white_back ? 1 : -1)
  }

  private async forward(
    weights: Feeds,
    planes: Resident,
    label: Float32Array,
    options: GraphOptions,
    picture?: Picture,
  ) {
    const { pixels, coarse, fine, jitter } = options
    const key = this.keyOf(options)
    const rays = paddedCount(pixels.length)
    let left = this.left.get(key)
    if (!left) {
      left = { depths: new Resident(new Float32Array(rays * (coarse + fine))) }
      this.left.set(key, left)
    }
    left.of = undefined
    const program = await this.programs.get(`forward/${key}`, () => this.describeForward(options))
    const { features, depth, opacity, farthest } = await program.run(
      {
        ...weights,
        planes,
        label,
        pixels: pixelsOf(pixels),
        ...(jitter &&
          ('seed' in jitter
            ? { draw: drawPlace(jitter) }
            : {
                'jitter.coarse': repeatLast(jitter.coarse, coarse, rays),
                'jitter.fine': repeatLast(jitter.fine, fine, rays),
              })),
      },
      undefined,
      { depths: left.depths, ...picture },
    )
    return { features, depth, opacity, farthest, left }
  }

  private describeForward(options: GraphOptions): Record<string, Tensor> {
    const parameters = new Parameters(this.shapes)
    const scene = this.scene(options)
    const cast = castTensors(this.config, parameters, scene, options)
    return { ...this.picture(parameters, scene, cast, options), ...cast }
  }

  private describeBackward(options: GraphOptions, want: Want): Record<string, Tensor> {
    const { coarse, fine, pixels } = options
    const parameters = new Parameters(this.shapes)
    const scene = this.scene({ ...options, jitter: undefined })
    const cast = {
      depths: input('depths', [paddedCount(pixels.length), coarse + fine]),
      farthest: input('farthest', []),
    }
    const outputs = this.picture(parameters, scene, cast, options)
    const { planes, label } = scene
    const leaves = { planes, ...(want.label && { label }), ...(want.weights && trainable(parameters)) }
    const { 'd.planes': found, ...others } = adjoint(outputs, leaves)
    return { ...others, 'd.planes': addedToSum(found) }
  }

  private scene({ pixels, coarse, fine, jitter }: GraphOptions): SceneTensors {
    const rays = paddedCount(pixels.length)
    return {
      planes: planesInput(layoutOf(this.config)),
      label: input('label', [25]),
      pixels: input('pixels', [rays, 1]),
      ...(jitter && { jitter: jitterTensors('seed' in jitter, rays, coarse, fine) }),
    }
  }

  private picture(
    parameters: Parameters,
    scene: SceneTensors,
    cast: Cast,
    options: GraphOptions,
  ): Record<string, Tensor> {
    const { features, depth, opacity } = marchTensors(this.config, parameters, scene, cast, options)
    const width = this.width(options)
    return { ...(width > 0 && { features: slice(features, 1, 0, width) }), depth, opacity }
  }

  private width({ wanted }: GraphOptions): number {
    return { features: this.config.decoder_output_dim, colours: COLOURS, shape: 0 }[wanted]
  }

  private keyOf({ resolution, pixels, coarse, fine, jitter, wanted }: GraphOptions): string {
    return [paddedCount(pixels.length), resolution, coarse, fine, jitterKind(jitter), wanted].join('/')
  }
}

const jitterKind = (jitter: Jitter | Draw | undefined) => (!jitter ? 'none' : 'seed' in jitter ? 'drawn' : 'fed')

function jitterTensors(isDrawn: boolean, rays: number, coarse: number, fine: number) {
  if (!isDrawn) return { coarse: input('jitter.coarse', [rays, coarse]), fine: input('jitter.fine', [rays, fine]) }
  const draw = input('draw', [2])
  return { coarse: drawTensor(draw, rays, coarse, 0), fine: drawTensor(draw, rays, fine, 1) }
}

function pixelsOf(pixels: Uint32Array): Float32Array {
  return repeatLast(pixels, 1, paddedCount(pixels.length))
}
