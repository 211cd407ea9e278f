/**
 * Pivotal tuning (Roich et al. 2021; spec section 16, stage 2): bends the backbone around the code that was found, until
 * its planes come near the photo. Weights move a head as a whole, the hair's outline with the back of the head behind it,
 * where planes move texel by texel; so this comes first, and what is fine is left to the detail. Nothing holds the other
 * sides here: the few steps at the published rate leave them a head.
 */
import type { Generator } from '../generator/generator.ts'
import type { Trace } from '../generator/pass.ts'
import type { Planes } from '../generator/planes.ts'
import { Adam } from './adam.ts'
import type { LatentStep } from './latent.ts'
import { type Look, lookAt } from './looks.ts'
import { assertFinite } from './objective.ts'

/** The published rate of weights, 3e-4, to that of codes. */
const SHARE = 1 / 256

/** The tuned weights, one after the other in the order of `Generator.painters`, with the optimiser's moments. */
export class TuningState {
  readonly values: Float32Array
  readonly adam: Adam
  /** By name: parts of `values`. */
  readonly weights: Readonly<Record<string, Float32Array>>

  constructor({ painters, weights }: Generator) {
    this.values = new Float32Array(painters.reduce((sum, name) => sum + weights[name].length, 0))
    this.adam = new Adam(this.values.length)
    this.weights = partsOf(this.values, painters, weights)
    for (const name of painters) this.weights[name].set(weights[name])
  }
}

/**
 * One step of gradient descent. The loss is that before the step, and so are the planes.
 * @param ws the pivot
 * @param looks at each photo
 * @param rate that codes would have
 */
export async function tune(
  generator: Generator,
  ws: Float32Array,
  state: TuningState,
  looks: readonly Look[],
  rate: number,
): Promise<LatentStep & { planes: Planes }> {
  const trace: Trace = {}
  const planes = await generator.planes(ws, trace, state.weights)
  const { planes: cotangent, loss, view, terms } = await lookAt(generator, planes, ws, looks, { label: false })
  const found = await generator.planesBackward(ws, cotangent, { weights: true }, trace, state.weights)
  const gradient = new Float32Array(state.values.length)
  const parts = partsOf(gradient, Object.keys(state.weights), state.weights)
  for (const [name, part] of Object.entries(parts)) part.set(found.weights[name])
  assertFinite(generator, loss, gradient)
  state.adam.step(state.values, gradient, SHARE * rate)
  return { view, loss, terms, planes }
}

function partsOf(
  all: Float32Array,
  names: readonly string[],
  like: Readonly<Record<string, Float32Array>>,
): Record<string, Float32Array> {
  let end = 0
  return Object.fromEntries(
    names.map((name) => {
      const start = end
      end += like[name].length
      return [name, all.subarray(start, end)]
    }),
  )
}
