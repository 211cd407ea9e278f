/**
 * Planes that take their density from others, on a GPU (`renderer.ts`): what a camera sees of the shape is found there; then
 * each picture of it is one model, and one for its adjoint. Points and shares go there with a sight's first picture, the
 * planes and their gradient stay. And the field at points, which a surface is made of.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { input, type Shape, type Tensor } from '../graph/index.ts'
import { Resident, residents } from '../runtime/resident.ts'
import type { Feeds, Runtime } from '../runtime/runtime.ts'
import { adjoint } from './adjoint.ts'
import { addedToSum, paddedCount, planesInput, repeatLast, sumFeeds } from './graph-feeds.ts'
import { paintTensor, queryTensor, seeTensors } from './graph-rendering.ts'
import { Parameters } from './parameters.ts'
import type { Asked, Look, Passes } from './passes.ts'
import { layoutOf, type ResidentPlanes } from './plane-layout.ts'
import type { PlanesSum } from './planes-sum.ts'
import { Programs } from './programs.ts'

/** Models between a power of two and the next, by their number of points or rays: each sight has its own. */
const SIZES = 2

/** Points that are asked for at once. */
const BATCHES = [2 ** 11, 2 ** 14, 2 ** 17]

/** The points that a picture's light comes from. */
interface Sight {
  /** [N * 3] world, the row of the picture that each belongs to, its share of that row's light. */
  readonly points: Float32Array
  readonly rows: Uint32Array
  readonly shares: Float32Array
  /** [M] by row. */
  readonly depth: Float32Array
  readonly opacity: Float32Array
}

/** A view's rays, and how they are sampled. */
interface ViewLook extends Look {
  readonly label: Float32Array
  readonly resolution: number
  /** Of each ray. */
  readonly pixels: Uint32Array
}

/** What a sight's pictures are computed from, in GPU memory. */
interface Held {
  readonly feeds: Readonly<Record<'points' | 'rows' | 'shares' | 'behind', Resident>>
  /** Of the model. */
  readonly points: number
  readonly rows: number
  /** By row of the model. */
  readonly depth: Resident
  readonly opacity: Resident
}

export class GraphPainter {
  private readonly config: GeneratorConfig
  private readonly shapes: ReadonlyMap<string, { readonly shape: Shape }>
  private readonly programs: Programs
  private readonly held = new WeakMap<Sight, Held>()
  private readonly pictures = new Map<string, Resident>()

  constructor(runtime: Runtime, config: GeneratorConfig, shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.programs = new Programs(runtime)
    this.config = config
    this.shapes = shapes
  }

  /** As the passes do it. @param planes as the generator paints them */
  async see(weights: Feeds, planes: Resident, look: ViewLook): ReturnType<Passes['see']> {
    const { label, pixels, coarse, samples, fine, jitter, farthest } = look
    const rays = paddedCount(pixels.length, SIZES)
    const program = await this.programs.get(
      ['see', rays, look.resolution, samples, fine, jitter !== undefined].join('/'),
      () => this.describeSight(rays, look),
    )
    const { depths, shares, depth, opacity } = await program.run({
      ...weights,
      planes,
      label,
      pixels: repeatLast(pixels, 1, rays),
      coarse: repeatLast(coarse, samples, rays),
      ...(jitter && { jitter: repeatLast(jitter, fine, rays) }),
      farthest: Float32Array.of(farthest),
    })
    const [count, all] = [pixels.length, samples + fine]
    return {
      depths: depths.subarray(0, count * all),
      shares: shares.subarray(0, count * all),
      depth: depth.subarray(0, count),
      opacity: opacity.subarray(0, count),
    }
  }

  /**
   * @param planes of colour, of any resolution
   * @returns [M * channels] in -1..1
   */
  async paint(weights: Feeds, planes: ResidentPlanes, sight: Sight, channels: number): Promise<Float32Array> {
    const held = this.hold(sight)
    const program = await this.programs.get(keyOf('paint', planes, held, channels), () => ({
      features: this.describePicture(planes, held, channels),
    }))
    const { features } = await program.run({ ...weights, ...held.feeds, planes: planes.resident })
    return features.subarray(0, sight.opacity.length * channels)
  }

  /** `paint` with a picture that stays. */
  async paintResident(weights: Feeds, planes: ResidentPlanes, sight: Sight, channels: number) {
    const held = this.hold(sight)
    const { rows } = held
    const key = keyOf('paint', planes, held, channels)
    const features = this.pictures.get(key) ?? new Resident(new Float32Array(rows * channels))
    this.pictures.set(key, features)
    const program = await this.programs.get(key, () => ({ features: this.describePicture(planes, held, channels) }))
    await program.run({ ...weights, ...held.feeds, planes: planes.resident }, undefined, { features })
    return { features, depth: held.depth, opacity: held.opacity, rows, channels }
  }

  /**
   * The gradient of the planes of sum <cotangent, picture>, times `weight`, is added to `sum`.
   * @param cotangent [M * channels], or as the model's rows where it is in GPU memory
   */
  async paintBackward(
    weights: Feeds,
    planes: ResidentPlanes,
    sight: Sight,
    cotangent: Float32Array | Resident,
    sum: PlanesSum,
    weight: number,
  ): Promise<void> {
    const held = this.hold(sight)
    const isResident = cotangent instanceof Resident
    const channels = cotangent.length / (isResident ? held.rows : sight.opacity.length)
    const program = await this.programs.get(keyOf('paint backward', planes, held, channels), () => {
      const leaf = planesInput(planes)
      const found = adjoint({ features: this.describePicture(planes, held, channels, leaf) }, { planes: leaf })
      return { 'd.planes': addedToSum(found['d.planes']) }
    })
    const filled = isResident ? cotangent : grown(cotangent, held.rows * channels)
    await program.run(
      {
        ...weights,
        ...held.feeds,
        planes: planes.resident,
        'cotangent.features': filled,
        ...sumFeeds(sum, weight),
      },
      undefined,
      { 'd.planes': sum.values },
    )
    sum.filled()
  }

  /** As the passes do it. @param planes of any resolution */
  async query(weights: Feeds, planes: ResidentPlanes, points: Float32Array, what: Asked): Promise<Float32Array> {
    const width = { sigma: 1, colour: this.config.decoder_output_dim, rgb: 3 }[what]
    const count = points.length / 3
    const result = new Float32Array(count * width)
    for (let first = 0; first < count; ) {
      const size = BATCHES.find((batch) => batch >= count - first) ?? BATCHES[BATCHES.length - 1]
      const last = Math.min(first + size, count)
      const program = await this.programs.get(['query', what, planes.resolution, size].join('/'), () => {
        const config = { ...this.config, plane_resolution: planes.resolution }
        const parameters = new Parameters(this.shapes)
        return { out: queryTensor(config, parameters, planesInput(planes), input('points', [size, 3]), what) }
      })
      const asked = grown(points.subarray(3 * first, 3 * last), 3 * size)
      const { out } = await program.run({ ...weights, planes: planes.resident, points: asked })
      result.set(out.subarray(0, (last - first) * width), first * width)
      first = last
    }
    return result
  }

  private describeSight(rays: number, { resolution, samples, fine, jitter }: ViewLook): Record<string, Tensor> {
    const scene = {
      planes: planesInput(layoutOf(this.config)),
      label: input('label', [25]),
      pixels: input('pixels', [rays, 1]),
    }
    return seeTensors(this.config, new Parameters(this.shapes), scene, resolution, {
      coarse: input('coarse', [rays, samples]),
      fine,
      ...(jitter && { jitter: input('jitter', [rays, fine]) }),
      farthest: input('farthest', []),
    })
  }

  private describePicture(
    layout: ResidentPlanes,
    { points, rows }: Held,
    channels: number,
    planes = planesInput(layout),
  ): Tensor {
    const seen = {
      points: input('points', [points, 3]),
      rows: input('rows', [points]),
      shares: input('shares', [points, 1]),
      behind: input('behind', [rows, 1]),
    }
    const config = { ...this.config, plane_resolution: layout.resolution }
    return paintTensor(config, new Parameters(this.shapes), planes, seen, channels)
  }

  private hold(sight: Sight): Held {
    let held = this.held.get(sight)
    if (!held) {
      held = this.fill(sight)
      this.held.set(sight, held)
    }
    return held
  }

  /** Points that are not there give no light; they are spread over the rows, whose sums they would hold up. */
  private fill({ points, rows, shares, depth, opacity }: Sight): Held {
    const count = paddedCount(rows.length, SIZES)
    const all = paddedCount(opacity.length, SIZES)
    const behind = new Float32Array(all)
    if (this.config.rendering_kwargs.white_back) {
      behind.fill(1)
      for (let i = 0; i < rows.length; i++) behind[rows[i]] -= shares[i]
    }
    const places = grown(rows, count)
    for (let i = rows.length; i < count; i++) places[i] = i % all
    const feeds = { points: grown(points, 3 * count), rows: places, shares: grown(shares, count), behind }
    const seen = residents({ depth: grown(depth, all), opacity: grown(opacity, all) })
    return {
      ...{ feeds: residents(feeds) as Held['feeds'], points: count, rows: all },
      ...{ depth: seen.depth, opacity: seen.opacity },
    }
  }
}

/** With zeros behind. */
function grown(values: ArrayLike<number>, length: number): Float32Array {
  const result = new Float32Array(length)
  result.set(values)
  return result
}

const keyOf = (kind: string, planes: ResidentPlanes, { points, rows }: Held, channels: number) =>
  [kind, planes.resolution, points, rows, channels].join('/')
