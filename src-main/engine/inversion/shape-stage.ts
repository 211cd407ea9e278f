/**
 * The shape stage: bends the pivot's planes, shape and colour together, until the head's outline is the photo's. What it
 * may add is a residual of few texels (see residual.ts), so it can widen a jaw or lower hair, but cuts no grooves. It is
 * measured in standard deviations of random heads' planes.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import {
  layoutOf,
  type PlaneLayout,
  type Planes,
  planesLength,
  sliceChannelAt,
  sliceCount,
} from '../generator/plane-layout.ts'
import { addResidual, type Residual, upsampleBackward } from '../head/residual.ts'
import { normalArray } from '../random.ts'
import { Adam } from './adam.ts'
import type { LatentStep } from './latent.ts'
import { assertFinite, photoGradients } from './photo-gradients.ts'
import { addPlanesTerms, type PlanesTerm, type PosedView, type Probe } from './terms/term.ts'
import { DEFAULT_TERMS } from './terms/terms.ts'

/** Side of the residual in texels. */
const SHAPE_RESOLUTION = 32
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
export const residualLength = (config: GeneratorConfig) => planesLength(residualLayout(config))

const residualLayout = (config: GeneratorConfig): PlaneLayout => ({ ...layoutOf(config), resolution: SHAPE_RESOLUTION })

export class ShapeStage {
  readonly state: ShapeState
  readonly pivot: Planes
  readonly generator: Generator
  readonly ws: Float32Array
  /** The deviation of random heads' planes for every number of the residual. */
  readonly units: Float32Array
  readonly terms: Readonly<Record<string, PlanesTerm>>

  private constructor(
    generator: Generator,
    ws: Float32Array,
    pivot: Planes,
    state: ShapeState,
    units: Float32Array,
    terms: Readonly<Record<string, PlanesTerm>>,
  ) {
    this.generator = generator
    this.ws = ws
    this.pivot = pivot
    this.state = state
    this.units = units
    this.terms = terms
  }

  /** @param ws the pivot: the code that the latent stage found */
  static async create(
    generator: Generator,
    ws: Float32Array,
    state: ShapeState,
    terms: Readonly<Record<string, PlanesTerm>> = DEFAULT_TERMS.shape,
  ): Promise<ShapeStage> {
    const pivot = await generator.planes(ws)
    const deviations = await planeDeviations(generator)
    const layout = residualLayout(generator.config)
    const units = state.residual.data.map((_, i) => deviations[sliceChannelAt(layout, i)])
    return new ShapeStage(generator, ws, pivot, state, units, terms)
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param views of each photo, and of what else is known
   */
  async step(views: readonly PosedView[], rate: number, probe: Probe): Promise<LatentStep> {
    const { generator, state, pivot, ws, units } = this
    const { residual, adam } = state
    const { resolution, data } = residual
    const planes = addResidual(pivot, residual)
    const seen = await photoGradients(generator, planes, ws, views, { labels: 0, w: false })
    // In standard deviations, so that a step and what is asked of it mean the same in every channel.
    const away = new Float64Array(data.length)
    for (let i = 0; i < away.length; i++) away[i] = data[i] / units[i]
    const ofAway = new Float64Array(away.length)
    const step = { generator, pivot, planes, added: { resolution, data: away }, probe }
    const terms = await addPlanesTerms(this.terms, step, seen.planes, () => ofAway)
    const ofPlanes = await generator.runtime.read(seen.planes.values)
    const gradient = upsampleBackward(ofPlanes, pivot, resolution)
    for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i] * units[i] + ofAway[i]
    const loss = Object.values(terms).reduce((sum, value) => sum + value, seen.loss)
    assertFinite(generator, loss, gradient)
    const move = new Float32Array(gradient.length)
    adam.step(move, gradient, rate)
    for (let i = 0; i < move.length; i++) data[i] += units[i] * move[i]
    return { view: seen.view, loss, terms: { ...seen.terms, ...terms } }
  }
}

/** The standard deviation of each slice's channels over random heads, [slices * channels]; the mean over its texels. */
async function planeDeviations(generator: Generator): Promise<Float32Array> {
  const { z_dim, rendering_kwargs: kwargs } = generator.config
  const label = orbitCamera(kwargs, 0)
  const layout = layoutOf(generator.config)
  const length = planesLength(layout)
  const [sums, squares] = [new Float64Array(length), new Float64Array(length)]
  for (let head = 0; head < HEADS.count; head++) {
    const w = await generator.map(normalArray(z_dim, HEADS.seed, head), label)
    const { data } = await generator.planes(generator.repeat(w))
    for (let i = 0; i < length; i++) {
      sums[i] += data[i]
      squares[i] += data[i] ** 2
    }
  }
  const texels = layout.resolution ** 2
  const variances = new Float64Array(sliceCount(layout) * layout.channels)
  for (let i = 0; i < length; i++) {
    variances[sliceChannelAt(layout, i)] += (squares[i] / HEADS.count - (sums[i] / HEADS.count) ** 2) / texels
  }
  return Float32Array.from(variances, (value) => Math.sqrt(Math.max(value, 1e-12)))
}
