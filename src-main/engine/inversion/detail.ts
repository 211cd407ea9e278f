/**
 * The tuning stage: adds to the planes what the code could not say, until the picture is the photo, and keeps the sides.
 *
 * Tuning planes instead of weights: cheaper by the backbone's whole backward pass, finer than the generator's own planes
 * where asked for, and what is stored is one small array. Planes alone would put the photo anywhere along the rays, so
 * each step also looks at the head from a camera the photo never saw and holds shape and colour there to the pivot's.
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
import { addPlanes, type PlaneLayout, type Planes, planesLength, refine } from '../generator/plane-layout.ts'
import type { RenderOptions } from '../generator/renderer.ts'
import { Adam } from './adam.ts'
import type { Detail } from './head.ts'
import { type Look, lookAt } from './looks.ts'
import { mainPiece } from './main-piece.ts'
import { assertFinite } from './objective.ts'

export interface DetailOptions {
  /** Mean squared difference of neighbouring texels of the detail. */
  readonly smoothness: number
  /** Mean square of the detail itself. */
  readonly size: number
  /** Novel views against the pivot's: squared depth (world units), opacity, colour. */
  readonly depth: number
  readonly opacity: number
  readonly colour: number
}

export const DEFAULT_DETAIL: DetailOptions = { smoothness: 0.05, size: 0.002, depth: 600, opacity: 4, colour: 0.25 }

/** Where a ray ends in the head and not in its edge. */
const OPAQUE = 0.8
/** What more than this of a ray is spent beside the head floats there. */
const STRAY = 0.05
/** The part of a probe's pixels that looks at what floats, where anything does. */
const STRAY_SHARE = 0.5

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
  private readonly generator: Generator
  private readonly ws: Float32Array
  private readonly pivot: Planes
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

  /** @param ws the pivot: the code that the latent stage found */
  static async create(
    generator: Generator,
    ws: Float32Array,
    state: DetailState,
    options = DEFAULT_DETAIL,
  ): Promise<DetailStage> {
    const pivot = refine(await generator.planes(ws), state.detail.resolution)
    return new DetailStage(generator, ws, pivot, state, options)
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param looks at each photo, and at what else is known
   */
  async step(looks: readonly Look[], rate: number, probe: Probe) {
    const { generator, state } = this
    const planes = addPlanes(this.pivot, state.detail.data)
    const seen = await lookAt(generator, planes, this.ws, looks, { label: false })
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
    // The whole picture, to tell the head from what floats beside it: that is not held, it is to go.
    const before = await renderer.render(weights, this.pivot, label, { ...rendering, pixels: undefined })
    const head = mainPiece(before.opacity)
    const pixels = rendering.pixels && withStrays(rendering.pixels, before.opacity, head)
    const now = await renderer.render(weights, planes, label, { ...rendering, pixels })
    const count = now.depth.length
    const pixel = (i: number) => pixels?.[i] ?? i
    const solid = (i: number) => head[pixel(i)] * before.opacity[pixel(i)]
    const { depth, opacity, colour } = this.options
    let loss = 0
    const hold = (values: Float32Array, width: number, weight: number, aim: (i: number, channel: number) => number) =>
      values.map((value, at) => {
        const target = aim(Math.floor(at / width), at % width)
        if (Number.isNaN(target)) return 0
        const difference = value - target
        const factor = weight / count
        loss += factor * difference * difference
        return 2 * factor * difference
      })
    const channels = now.features.length / count
    // A depth counts where there is something to be near or far, a colour where there is something to be seen.
    const nothing = Number.NaN
    const cotangent = {
      depth: hold(now.depth, 1, depth, (i) => (solid(i) > OPAQUE ? before.depth[pixel(i)] : nothing)),
      opacity: hold(now.opacity, 1, opacity, solid),
      features: hold(now.features, channels, colour / 3, (i, channel) =>
        channel < 3 && solid(i) > 0 ? before.features[pixel(i) * channels + channel] : nothing,
      ),
    }
    const back = await renderer.backward(weights, now.tape, cotangent)
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

/** The pixels to look at, some of them exchanged for those that show what floats beside the head: few would meet it. */
function withStrays(pixels: Uint32Array, opacity: Float32Array, head: Uint8Array): Uint32Array {
  const strays = [...head.keys()].filter((pixel) => !head[pixel] && opacity[pixel] > STRAY)
  const count = Math.min(strays.length, Math.floor(pixels.length * STRAY_SHARE))
  return pixels.map((pixel, i) => (i < count ? strays[Math.floor((i * strays.length) / count)] : pixel))
}
