/**
 * The latent stage: finds the code whose picture is the photo, first one w for all layers, then one for each (W+), and
 * puts the camera right along the way (spec section 16, stage 1).
 */
import type { Generator, View, ViewOptions } from '../generator/generator.ts'
import { Adam } from './adam.ts'
import { CAMERA_PARAMETERS, moveCamera, moveCameraBackward } from './camera-fit.ts'
import { assertFinite, type Objective } from './objective.ts'

export interface LatentOptions {
  /** Strength of the pull towards `anchor`, per standard deviation squared; 0 for the plain projector. */
  readonly prior: number
  /** The mean latent [w_dim], and the spread of w around it (spec section 16's w_std). */
  readonly anchor: Float32Array
  readonly spread: number
  /** Whether the camera is refined, and how hard it is held to where it was. */
  readonly camera: { readonly rate: number; readonly prior: number } | null
}

/** What is optimised, with the optimisers' moments: all of it arrays, so that a checkpoint is a copy. */
export class LatentState {
  /** [num_ws * w_dim]; while `shared`, all rows are equal. */
  readonly ws: Float32Array
  readonly camera = new Float32Array(CAMERA_PARAMETERS)
  readonly adam: Adam
  readonly cameraAdam = new Adam(CAMERA_PARAMETERS)
  /** One w for every layer. */
  shared = true

  constructor(ws: Float32Array) {
    this.ws = ws
    this.adam = new Adam(ws.length)
  }
}

export interface LatentStep {
  readonly view: View
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
}

export class LatentStage {
  readonly state: LatentState
  private readonly generator: Generator
  private readonly label: Float32Array
  private readonly options: LatentOptions

  /** @param label the camera the landmarks gave */
  constructor(generator: Generator, label: Float32Array, state: LatentState, options: LatentOptions) {
    this.generator = generator
    this.label = label
    this.state = state
    this.options = options
  }

  /** The camera as it stands now. */
  get camera(): Float32Array {
    return moveCamera(this.label, this.pivot, this.state.camera)
  }

  private get pivot(): readonly number[] {
    return this.generator.config.rendering_kwargs.avg_camera_pivot
  }

  /** One step of gradient descent. The loss is that before the step. */
  async step(objective: Objective, rate: number, rendering: ViewOptions = {}): Promise<LatentStep> {
    const { state, options, generator } = this
    const refine = options.camera
    const view = await generator.view(state.ws.slice(), this.camera, rendering)
    const judgement = await objective.judge(view)
    const gradients = await generator.backward(view, judgement.gradient, { label: refine !== null })

    const prior = this.addPrior(gradients.ws)
    const loss = judgement.loss + prior
    assertFinite(generator, loss, gradients.ws, ...(gradients.label ? [gradients.label] : []))
    const gradient = state.shared ? this.sumRows(gradients.ws) : gradients.ws
    state.adam.step(state.ws, gradient, rate)
    if (refine && gradients.label) {
      const g = moveCameraBackward(this.label, this.pivot, state.camera, gradients.label)
      state.cameraAdam.step(
        state.camera,
        g.map((value, i) => value + refine.prior * state.camera[i]),
        refine.rate,
      )
    }
    return { view, loss, terms: { ...judgement.terms, prior } }
  }

  /** prior / 2 * mean over layers and features of ((w - anchor) / spread)^2; adds its gradient, returns its value. */
  private addPrior(gradient: Float32Array): number {
    const { prior, anchor, spread } = this.options
    if (prior === 0) return 0
    const { ws } = this.state
    const factor = prior / ws.length / (spread * spread)
    let sum = 0
    for (let i = 0; i < ws.length; i++) {
      const difference = ws[i] - anchor[i % anchor.length]
      sum += difference * difference
      gradient[i] += factor * difference
    }
    return (factor * sum) / 2
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

/**
 * The official schedule (spec section 16): up over the first twentieth, down by a cosine over the last quarter.
 * @param t share of the steps done, 0..1
 */
export function rampedRate(rate: number, t: number): number {
  const down = Math.min(1, (1 - t) / 0.25)
  return rate * (0.5 - 0.5 * Math.cos(Math.PI * down)) * Math.min(1, t / 0.05)
}
