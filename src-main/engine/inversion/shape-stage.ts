/**
 * The shape stage: bends the pivot's planes, shape and colour together, until the head's outline is the photo's. What it
 * may add is a residual of few texels (see residual.ts), so it can widen a jaw or lower hair, but cuts no grooves.
 *
 * An outline says how wide a head is and nothing of how deep: novel views, all the way round, are held to the pivot's
 * opacity and depth. And heads differ by so much and no more: the residual is measured in standard deviations of random
 * heads' planes.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import { layoutOf, type Planes, planesLength } from '../generator/plane-layout.ts'
import { addResidual, type Residual, upsampleBackward } from '../head/residual.ts'
import { normalArray } from '../random.ts'
import { Adam } from './adam.ts'
import type { Probe } from './detail.ts'
import type { LatentStep } from './latent.ts'
import { assertFinite } from './objective.ts'
import { type PosedPhoto, photoGradients } from './photo-gradients.ts'

export interface ShapeOptions {
  /** Mean square of the residual, in variances of random heads' planes. */
  readonly size: number
  /** Novel views against the pivot's: mean squared difference of opacity, and of depth in world units. */
  readonly opacity: number
  readonly depth: number
}

export const DEFAULT_SHAPE: ShapeOptions = { size: 0.01, opacity: 1, depth: 30 }

/** Side of the residual in texels. */
export const SHAPE_RESOLUTION = 16
/** Random heads that say how much planes vary. */
const HEADS = { count: 12, seed: 321 }

export class ShapeState {
  readonly residual: Residual
  readonly adam: Adam

  constructor(config: GeneratorConfig) {
    this.residual = { resolution: SHAPE_RESOLUTION, data: new Float32Array(residualLength(config)) }
    this.adam = new Adam(this.residual.data.length)
  }
}

/** Numbers of a residual to a generator's planes. */
export const residualLength = (config: GeneratorConfig) =>
  planesLength({ ...layoutOf(config), resolution: SHAPE_RESOLUTION })

export class ShapeStage {
  readonly state: ShapeState
  private readonly generator: Generator
  private readonly ws: Float32Array
  private readonly pivot: Planes
  /** The deviation of random heads' planes for every number of the residual. */
  private readonly units: Float32Array
  private readonly options: ShapeOptions

  private constructor(
    generator: Generator,
    ws: Float32Array,
    pivot: Planes,
    state: ShapeState,
    units: Float32Array,
    options: ShapeOptions,
  ) {
    this.generator = generator
    this.ws = ws
    this.pivot = pivot
    this.state = state
    this.units = units
    this.options = options
  }

  /** @param ws the pivot: the code that the latent stage found */
  static async create(
    generator: Generator,
    ws: Float32Array,
    state: ShapeState,
    options = DEFAULT_SHAPE,
  ): Promise<ShapeStage> {
    const pivot = await generator.planes(ws)
    const deviations = await planeDeviations(generator)
    const { channels } = pivot
    const units = state.residual.data.map((_, i) => {
      const slice = Math.floor(i / (SHAPE_RESOLUTION ** 2 * channels))
      return deviations[slice * channels + (i % channels)]
    })
    return new ShapeStage(generator, ws, pivot, state, units, options)
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param looks at each photo
   */
  async step(looks: readonly PosedPhoto[], rate: number, probe: Probe): Promise<LatentStep> {
    const { generator, state, pivot, ws, units } = this
    const { residual, adam } = state
    const planes = addResidual(pivot, residual)
    const seen = await photoGradients(generator, planes, ws, looks, { label: false })
    const sides = await this.addProbe(planes, probe, seen.planes)
    const gradient = upsampleBackward(seen.planes, pivot, residual.resolution)
    // In standard deviations from here on, so that a step and its prior mean the same in every channel.
    let prior = 0
    for (let i = 0; i < gradient.length; i++) {
      const away = residual.data[i] / units[i]
      prior += (this.options.size / gradient.length) * away * away
      gradient[i] = gradient[i] * units[i] + (2 * this.options.size * away) / gradient.length
    }
    const loss = seen.loss + sides + prior
    assertFinite(generator, loss, gradient)
    const move = new Float32Array(gradient.length)
    adam.step(move, gradient, rate)
    for (let i = 0; i < move.length; i++) residual.data[i] += units[i] * move[i]
    return { view: seen.view, loss, terms: { ...seen.terms, sides, prior } }
  }

  private async addProbe(planes: Planes, { label, rendering }: Probe, gradient: Float32Array): Promise<number> {
    const { renderer, weights } = this.generator
    const before = await renderer.render(weights, this.pivot, label, rendering)
    const now = await renderer.render(weights, planes, label, rendering)
    const count = now.depth.length
    let loss = 0
    const opacity = now.opacity.map((value, i) => {
      const difference = value - before.opacity[i]
      loss += (this.options.opacity * difference * difference) / count
      return (2 * this.options.opacity * difference) / count
    })
    const depth = now.depth.map((value, i) => {
      // Along an outline depth means nothing.
      if (Math.min(now.opacity[i], before.opacity[i]) < 0.9) return 0
      const difference = value - before.depth[i]
      loss += (this.options.depth * difference * difference) / count
      return (2 * this.options.depth * difference) / count
    })
    const found = await renderer.backward(weights, now.tape, { opacity, depth })
    for (let i = 0; i < gradient.length; i++) gradient[i] += found.planes[i]
    return loss
  }
}

/** The standard deviation of each slice's channels over random heads, [slices * channels]; the mean over its texels. */
async function planeDeviations(generator: Generator): Promise<Float32Array> {
  const { z_dim, rendering_kwargs: kwargs } = generator.config
  const label = orbitCamera(kwargs, 0)
  let sums: Float64Array | undefined
  let squares: Float64Array | undefined
  let texels = 0
  let channels = 0
  for (let head = 0; head < HEADS.count; head++) {
    const w = await generator.map(normalArray(z_dim, HEADS.seed, head), label)
    const planes = await generator.planes(generator.repeat(w))
    const { length } = planes.data
    texels = planes.resolution ** 2
    channels = planes.channels
    sums ??= new Float64Array(length)
    squares ??= new Float64Array(length)
    for (let i = 0; i < length; i++) {
      sums[i] += planes.data[i]
      squares[i] += planes.data[i] ** 2
    }
  }
  if (!sums || !squares) return new Float32Array()
  const variances = new Float64Array(sums.length / texels)
  for (let i = 0; i < sums.length; i++) {
    const at = Math.floor(i / (texels * channels)) * channels + (i % channels)
    variances[at] += (squares[i] / HEADS.count - (sums[i] / HEADS.count) ** 2) / texels
  }
  return Float32Array.from(variances, (value) => Math.sqrt(Math.max(value, 1e-12)))
}
