/**
 * What the generator learns to deceive (docs/eg3d.md, Training): a dual discriminator that sees the middles of its
 * patches, picture and rendering, beside recorded ones, and learns from each step what tells them apart.
 */

import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { unprefixed } from '../../src-main/engine/generator/adjoint.ts'
import { LABEL } from '../../src-main/engine/generator/camera.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import {
  add,
  gradients,
  input,
  mul,
  reshape,
  sizeOf,
  slice,
  type Tensor,
  transpose,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { type Resident, residents } from '../../src-main/engine/runtime/resident.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import {
  type DiscriminatorConfig,
  discriminate,
  discriminatorLoss,
  discriminatorWeights,
  gradientPenalty,
} from './discriminator.ts'
import { createOptimiser } from './graph-adam.ts'
import type { Optimiser } from './optimiser.ts'

const CONFIG: DiscriminatorConfig = { resolution: 64, channels: { base: 2048, max: 64 } }
/** Rays of a patch, so that the margin its surroundings would have changed is beside what the discriminator sees. */
export const ADVERSARIAL_PATCH = CONFIG.resolution / 2 + 6
/** How much faster than the generator it learns: at four times the rate it told next to nothing after 800 steps. */
const GAIN = 10
/** Weight of R1: gamma / 2. */
const PENALTY = 0.5

/** Patches as the discriminator is shown them: [N, 3, 64, 64] and [N, 3, 32, 32]. */
interface Shown {
  readonly image: Tensor
  readonly raw: Tensor
}

/**
 * The middles of patches.
 * @param image [N, 3, 2 * side, 2 * side]
 * @param raw [N, 3, side, side]
 */
export function middles(image: Tensor, raw: Tensor): Shown {
  const middle = (x: Tensor, size: number) =>
    [2, 3].reduce((y, axis) => {
      const start = (x.shape[axis] - size) / 2
      return slice(y, axis, start, start + size)
    }, x)
  return { image: middle(image, CONFIG.resolution), raw: middle(raw, CONFIG.resolution / 2) }
}

/** Logits of the pictures shown, of the inputs 'label' [N, 25] and the discriminator's weights. */
export function judged(shapes: ReadonlyMap<string, Weight>, { image, raw }: Shown): Tensor {
  return discriminate(CONFIG, new Parameters(shapes), image, raw, input('label', [image.shape[0], LABEL]))
}

export class Adversary {
  readonly shapes: ReadonlyMap<string, Weight>
  readonly optimiser: Optimiser
  private readonly runtime: Runtime
  private readonly patches: number
  private compiled: ReturnType<Adversary['compile']> | undefined

  /** @param patches in a step */
  constructor(runtime: Runtime, patches: number, seed: number) {
    this.runtime = runtime
    this.patches = patches
    this.shapes = discriminatorWeights(CONFIG, seed)
    this.optimiser = createOptimiser(runtime, this.shapes, () => GAIN)
  }

  /**
   * One step of the discriminator.
   * @param feeds 'made.image' and 'made.raw' as shown, 'target.picture' and 'target.colour' of the whole patches, 'label'
   * @param rate the generator's
   * @returns its loss and the penalty, before the step
   */
  async step(feeds: Record<string, Float32Array>, rate: number): Promise<{ discriminator: number; penalty: number }> {
    this.compiled ??= this.compile()
    const { program, found } = await this.compiled
    const { loss, penalty } = await program.run({ ...this.optimiser.weights, ...feeds }, undefined, found)
    await this.optimiser.step(unprefixed(found), rate, 0)
    return { discriminator: loss[0], penalty: penalty[0] }
  }

  private async compile() {
    const { runtime, patches, shapes } = this
    const side = ADVERSARIAL_PATCH
    const parameters = new Parameters(shapes)
    const label = input('label', [patches, LABEL])
    const logits = ({ image, raw }: Shown) => discriminate(CONFIG, parameters, image, raw, label)
    const colour = transpose(
      reshape(input('target.colour', [patches * side * side, 3]), [patches, side, side, 3]),
      [0, 3, 1, 2],
    )
    const real = middles(input('target.picture', [patches, 3, 2 * side, 2 * side]), colour)
    const made: Shown = {
      image: input('made.image', real.image.shape),
      raw: input('made.raw', real.raw.shape),
    }
    const ofReal = logits(real)
    const loss = discriminatorLoss(logits(made), ofReal)
    const penalty = gradientPenalty(ofReal, real.image, real.raw)
    const leaves = [...parameters.used]
    const results = gradients(
      add(loss, mul(penalty, PENALTY)),
      leaves.map(([, tensor]) => tensor),
    )
    const named = Object.fromEntries(leaves.map(([name], i) => [`d.${name}`, results[i]]))
    const empty = ([name, { shape }]: [string, Tensor]): [string, Float32Array] => [
      `d.${name}`,
      new Float32Array(sizeOf(shape)),
    ]
    return {
      program: await runtime.compile(writeModel({ loss, penalty, ...named })),
      found: residents(Object.fromEntries(leaves.map(empty))) as Record<string, Resident>,
    }
  }
}
