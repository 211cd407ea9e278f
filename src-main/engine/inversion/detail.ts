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
import { addDetail, type Detail, type Head, paintHead } from '../head/head.ts'
import { Adam } from './adam.ts'
import type { LatentStep } from './latent.ts'
import { assertFinite, photoGradients } from './photo-gradients.ts'
import { addPlanesTerms, type PlanesTerm, type PosedView, type Probe } from './terms/term.ts'
import { DEFAULT_TERMS } from './terms/terms.ts'

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
  readonly generator: Generator
  readonly ws: Float32Array
  readonly terms: Readonly<Record<string, PlanesTerm>>

  private constructor(
    generator: Generator,
    ws: Float32Array,
    pivot: Planes,
    state: DetailState,
    terms: Readonly<Record<string, PlanesTerm>>,
  ) {
    this.generator = generator
    this.ws = ws
    this.pivot = pivot
    this.state = state
    this.terms = terms
  }

  /** @param head the pivot: the code that the latent stage found, and its shape */
  static async create(
    generator: Generator,
    { ws, shape, label }: Omit<Head, 'detail'>,
    state: DetailState,
    terms: Readonly<Record<string, PlanesTerm>> = DEFAULT_TERMS.detail,
  ): Promise<DetailStage> {
    const pivot = refine(await paintHead(generator, { ws, shape, label }), state.detail.resolution)
    return new DetailStage(generator, ws, pivot, state, terms)
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param views of each photo, and of what else is known
   */
  async step(views: readonly PosedView[], rate: number, probe: Probe): Promise<LatentStep> {
    const { generator, state, pivot } = this
    const planes = addDetail(pivot, state.detail)
    const seen = await photoGradients(generator, planes, this.ws, views, { labels: 0, w: false })
    const step = { generator, pivot, planes, added: state.detail, probe }
    const terms = await addPlanesTerms(this.terms, step, seen.planes, () => seen.planes.values.data)
    const gradient = seen.planes.values.data
    const loss = Object.values(terms).reduce((sum, value) => sum + value, seen.loss)
    assertFinite(generator, loss, gradient)
    state.adam.step(state.detail.data, gradient, rate)
    return { view: seen.view, loss, terms: { ...seen.terms, ...terms } }
  }
}
