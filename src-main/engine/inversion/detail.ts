/**
 * The tuning stage: adds to the planes what the code could not say of colour, until the picture is the photo. Shape stays
 * the pivot's, for a photo tells colour exactly and shape hardly: given both to move, shape grows grooves along the planes'
 * axes that only look right from the photo's camera.
 *
 * Tuning planes instead of weights: cheaper by the backbone's whole backward pass, finer than the generator's own planes
 * where asked for, and what is stored is one small array. What the photo does not see shares texels with what it does, so
 * each step also looks at the head from another camera and holds its colours there to the pivot's.
 *
 * Tuning the backbone's weights first and adding the detail to the planes they paint was tried (bench/results/
 * tuning-tried.json). While the camera stood at one distance for every photo, weights mended some of the depth that this
 * cost; with the distance known they bring nothing: sides 0.1 to 0.6 dB farther in colour, for 30 CPU seconds.
 *
 * Asking of other views the pivot's colours as an affine map corrects them, fitted to what the photo makes of the pivot's
 * own, moved four heads by less than 0.1 dB and was left out.
 *
 * Two more terms were tried and left out (bench/results/terms-tried.json). Pulling FaceRes's descriptor of other views to
 * the photo's pleases FaceRes and nobody else: dlib's network sees the person go, from every side. Holding FaceRes's early
 * activations to the pivot's moves nothing at a small weight and costs the photo's view at a larger one.
 */
import type { Generator } from '../generator/generator.ts'
import { type PlaneLayout, type Planes, planesLength, refine } from '../generator/plane-layout.ts'
import type { RenderOptions } from '../generator/renderer.ts'
import { addDetail, type Detail, type Head, paintHead } from '../head/head.ts'
import { Adam } from './adam.ts'
import { assertFinite } from './objective.ts'
import { type PosedPhoto, photoGradients } from './photo-gradients.ts'

export interface DetailOptions {
  /** Mean squared difference of neighbouring texels of the detail. */
  readonly smoothness: number
  /** Mean square of the detail itself. */
  readonly size: number
  /** Novel views' colours against the pivot's. */
  readonly colour: number
}

export const DEFAULT_DETAIL: DetailOptions = { smoothness: 0.05, size: 0.002, colour: 1 }

/** A camera to hold the head to its pivot from, and the pixels to look at. */
export interface Probe {
  readonly label: Float32Array
  readonly rendering: RenderOptions
}

export class DetailState {
  readonly detail: Detail
  readonly adam: Adam

  /** @param layout of the planes it is added to */
  constructor(layout: PlaneLayout) {
    this.detail = { resolution: layout.resolution, data: new Float32Array(planesLength(layout)) }
    this.adam = new Adam(this.detail.data.length)
  }
}

export class DetailStage {
  readonly state: DetailState
  /** The pivot's planes, as fine as the detail. */
  readonly pivot: Planes
  private readonly generator: Generator
  private readonly ws: Float32Array
  private readonly options: DetailOptions

  private constructor(
    generator: Generator,
    ws: Float32Array,
    pivot: Planes,
    state: DetailState,
    options: DetailOptions,
  ) {
    this.generator = generator
    this.ws = ws
    this.pivot = pivot
    this.state = state
    this.options = options
  }

  /** @param head the pivot: the code that the latent stage found, and its shape */
  static async create(
    generator: Generator,
    { ws, shape, label }: Omit<Head, 'detail'>,
    state: DetailState,
    options = DEFAULT_DETAIL,
  ): Promise<DetailStage> {
    const pivot = refine(await paintHead(generator, { ws, shape, label }), state.detail.resolution)
    return new DetailStage(generator, ws, pivot, state, options)
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param looks at each photo, and at what else is known
   */
  async step(looks: readonly PosedPhoto[], rate: number, probe: Probe) {
    const { generator, state } = this
    const planes = addDetail(this.pivot, state.detail)
    const seen = await photoGradients(generator, planes, this.ws, looks, { label: false })
    const gradient = seen.planes
    const kept = await this.addProbe(planes, probe, gradient)
    const prior = this.addPrior(gradient)
    const loss = seen.loss + kept + prior
    assertFinite(generator, loss, gradient)
    state.adam.step(state.detail.data, gradient, rate)
    return { view: seen.view, loss, terms: { ...seen.terms, sides: kept, prior } }
  }

  private async addProbe(planes: Planes, { label, rendering }: Probe, gradient: Float32Array): Promise<number> {
    const { renderer, weights } = this.generator
    const sight = await renderer.see(weights, planes, label, rendering)
    const before = await renderer.render(weights, this.pivot, label, { sight })
    const now = await renderer.render(weights, planes, label, { sight })
    const { length } = sight.depth
    const channels = now.features.length / length
    const factor = this.options.colour / (3 * length)
    let loss = 0
    const features = now.features.map((value, at) => {
      if (at % channels >= 3) return 0
      const difference = value - before.features[at]
      loss += factor * difference * difference
      return 2 * factor * difference
    })
    const back = await renderer.backward(weights, now.tape, { features })
    for (let i = 0; i < gradient.length; i++) gradient[i] += back.planes[i]
    return loss
  }

  /** smoothness * mean (d - neighbour)^2 + size * mean d^2. */
  private addPrior(gradient: Float32Array): number {
    const { data, resolution } = this.state.detail
    const { channels } = this.pivot
    const { smoothness, size } = this.options
    const row = resolution * channels
    const a = size / data.length
    const b = smoothness / data.length
    let loss = 0
    for (let i = 0; i < data.length; i++) {
      const value = data[i]
      loss += a * value * value
      gradient[i] += 2 * a * value
      if (i % row < row - channels) {
        const difference = value - data[i + channels]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + channels] -= 2 * b * difference
      }
      if (i % (row * resolution) < row * (resolution - 1)) {
        const difference = value - data[i + row]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + row] -= 2 * b * difference
      }
    }
    return loss
  }
}
