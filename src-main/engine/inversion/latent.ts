/**
 * The latent stage: finds the code whose picture is the photo, first one w for all layers, then one for each (W+), and
 * puts the camera right along the way (docs/eg3d.md, Inversion).
 *
 * Tried and left out (bench/results/latent-tried.json): a matte that weighs three times as much brings three heads' faces
 * no nearer to the truth, and nor do the photo's landmarks, pulling w and camera through a linear map from w to places in
 * space that was fitted to the detector's landmarks on 582 made-up heads.
 */
import type { Generator, View } from '../generator/generator.ts'
import type { Trace } from '../generator/vjp.ts'
import { Adam } from './adam.ts'
import { CAMERA_PARAMETERS, moveCamera, moveCameraBackward } from './camera-fit.ts'
import { assertFinite, photoGradients } from './photo-gradients.ts'
import type { AddOfCode, PosedView } from './terms/term.ts'

interface LatentOptions {
  /** What the code is asked beside the photos; nothing for the plain projector. */
  readonly terms: Readonly<Record<string, AddOfCode>>
  /** Whether the cameras are refined, and how hard they are held to where they were. */
  readonly camera: { readonly rate: number; readonly prior: number } | null
}

/** What is optimised, with the optimisers' moments: all of it arrays, so that a checkpoint is a copy. */
export class LatentState {
  /** [num_ws * w_dim]; while `shared`, all rows are equal. */
  readonly ws: Float32Array
  /** [photos * 7] */
  readonly cameras: Float32Array
  readonly adam: Adam
  readonly cameraAdam: Adam
  /** One w for every layer. */
  shared = true

  constructor(ws: Float32Array, photos = 1) {
    this.ws = ws
    this.cameras = new Float32Array(photos * CAMERA_PARAMETERS)
    this.adam = new Adam(ws.length)
    this.cameraAdam = new Adam(this.cameras.length)
  }
}

export interface LatentStep {
  /** The picture of the first photo; null where it is in GPU memory alone. */
  readonly view: View | null
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
}

export class LatentStage {
  readonly state: LatentState
  private readonly generator: Generator
  private readonly labels: readonly Float32Array[]
  private readonly options: LatentOptions

  /** @param labels the cameras the landmarks gave, of each photo */
  constructor(generator: Generator, labels: readonly Float32Array[], state: LatentState, options: LatentOptions) {
    this.generator = generator
    this.labels = labels
    this.state = state
    this.options = options
  }

  /** The cameras as they stand now. */
  get cameras(): Float32Array[] {
    return this.labels.map((label, i) => moveCamera(label, this.pivot, parametersOf(this.state.cameras, i)))
  }

  private get pivot(): readonly number[] {
    return this.generator.config.rendering_kwargs.avg_camera_pivot
  }

  /**
   * One step of gradient descent. The loss is that before the step.
   * @param photos their cameras are the stage's own
   * @param others what else is looked at
   */
  async step(
    photos: readonly Omit<PosedView, 'label'>[],
    rate: number,
    others: readonly PosedView[] = [],
  ): Promise<LatentStep> {
    const { state, options, generator, cameras } = this
    const ws = state.ws.slice()
    const views = [...photos.map((view, i) => ({ ...view, label: cameras[i] })), ...others]
    const trace: Trace = {}
    const planes = await generator.paint(ws, trace)
    const seen = await photoGradients(generator, planes, ws, views, {
      labels: options.camera ? photos.length : 0,
      w: true,
    })
    const { ws: painted } = await generator.planesBackward(ws, seen.planes.values, {}, trace)
    const last = painted.subarray(ws.length - seen.w.length)
    seen.w.forEach((value, i) => {
      last[i] += value
    })

    const terms = { ...seen.terms }
    let { loss } = seen
    for (const [name, add] of Object.entries(options.terms)) {
      terms[name] = add(ws, painted)
      loss += terms[name]
    }
    assertFinite(generator, loss, painted, ...seen.labels)
    const gradient = state.shared ? this.sumRows(painted) : painted
    state.adam.step(state.ws, gradient, rate)
    if (options.camera) this.refineCameras(seen.labels, options.camera)
    return { view: seen.view, loss, terms }
  }

  private refineCameras(gradients: readonly Float32Array[], { rate, prior }: { rate: number; prior: number }): void {
    const { cameras, cameraAdam } = this.state
    const gradient = cameras.map((value) => (prior / this.labels.length) * value)
    this.labels.forEach((label, i) => {
      const found = moveCameraBackward(label, this.pivot, parametersOf(cameras, i), gradients[i])
      found.forEach((value, k) => {
        gradient[i * CAMERA_PARAMETERS + k] += value
      })
    })
    cameraAdam.step(cameras, gradient, rate)
  }

  /** The gradient of a w that every layer shares, repeated for each of them. */
  private sumRows(gradient: Float32Array): Float32Array {
    const width = this.generator.config.w_dim
    const sum = new Float64Array(width)
    gradient.forEach((value, i) => {
      sum[i % width] += value
    })
    return gradient.map((_, i) => sum[i % width])
  }
}

/** The seven numbers of one photo's camera. */
export function parametersOf(cameras: Float32Array, photo: number): Float32Array {
  return cameras.subarray(photo * CAMERA_PARAMETERS, (photo + 1) * CAMERA_PARAMETERS)
}

/**
 * The official schedule (docs/eg3d.md, Inversion): up over the first twentieth, down by a cosine over the last quarter.
 * @param t share of the steps done, 0..1
 */
export function rampedRate(rate: number, t: number): number {
  const down = Math.min(1, (1 - t) / 0.25)
  return rate * (0.5 - 0.5 * Math.cos(Math.PI * down)) * Math.min(1, t / 0.05)
}
