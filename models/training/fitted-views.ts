/**
 * What a third block of the super-resolution learns from: recorded views, and what the first two blocks give where a head has
 * been fitted to them, as a job fits it to a photo. Where its code alone is known a head has its eyes beside the recorded
 * ones, and a block that learned from that would learn to blur.
 */
import { FITTED_BLOCKS, pictureSide } from '../../src-main/engine/checkpoint/config.ts'
import type { GeneratorFile } from '../../src-main/engine/checkpoint/generator-file.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { bilinearMatrix, resample, shrink } from '../../src-main/engine/generator/resample.ts'
import { superResolution } from '../../src-main/engine/generator/super-resolution.ts'
import {
  abs,
  add,
  gradients,
  input,
  meanAll,
  reshape,
  sub,
  transpose,
  writeModel,
} from '../../src-main/engine/graph/index.ts'
import { Adam } from '../../src-main/engine/inversion/adam.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { type CodeBasis, codeOf, describeHead } from './codes.ts'
import { ADAM } from './optimiser.ts'
import { type RecordedHead, type RecordedView, thumbnail } from './records.ts'

/** Of a view of R x R pixels. */
export interface FittedView {
  /** What the third block takes: [C, R/2, R/2], and [3, R/2, R/2] in -1..1. */
  readonly x: Float32Array
  readonly image: Float32Array
  /** [w_dim] */
  readonly w: Float32Array
  /** What it is to give: [3, R, R] in -1..1, on white. */
  readonly picture: Float32Array
}

/** Samples a ray: what is fitted needs no more. */
const SAMPLES = { coarse: 24, fine: 16 }
/** Texels of changes to the rendering, for each of the planes': a job's are in the planes, of which a portrait shows a part. */
const COARSE = 0.5
/** With these a recorded picture is met about as well as a job of default quality meets a photo: by 27 dB, and 27.5 dB. */
const STEPS = 24
const RATE = 0.12

/** @returns fits views of heads; their size is twice the picture's that is fitted */
export async function viewFitter(
  runtime: Runtime,
  { config, weights }: Pick<GeneratorFile, 'config' | 'weights'>,
  basis: CodeBasis,
): Promise<(head: RecordedHead, views: readonly RecordedView[]) => Promise<FittedView[]>> {
  const generator = new Generator(runtime, config, weights)
  const side = pictureSide(config, FITTED_BLOCKS)
  const { neural_rendering_resolution: n, decoder_output_dim: channels, plane_resolution } = config
  const coarse = Math.round(COARSE * plane_resolution)

  const change = input('change', [1, channels, coarse, coarse])
  const features = transpose(reshape(input('features', [n * n, channels]), [1, n, n, channels]), [0, 3, 1, 2])
  const changed = add(features, resample(change, bilinearMatrix(coarse, n, false)))
  const w = input('w', [1, config.w_dim])
  const { image, x } = superResolution(config, new Parameters(weights), changed, w, FITTED_BLOCKS)
  const miss = meanAll(abs(sub(image, input('target', image.shape))))
  const look = await runtime.compile(writeModel({ image, x }))
  const improve = await runtime.compile(writeModel({ gradient: gradients(miss, [change])[0] }))

  return async (head, views) => {
    const w = await generator.map(codeOf(basis, describeHead(head), config.z_dim), new Float32Array(config.c_dim))
    const ws = generator.repeat(w)
    const planes = await generator.planes(ws)
    const fitted: FittedView[] = []
    for (const view of views) {
      const { features } = await generator.renderer.render(generator.feeds, planes, view.label, SAMPLES)
      const picture = thumbnail(view, view.size).map((value) => 2 * value - 1)
      const target = shrink(picture, view.size, side)
      const feeds = { ...generator.feeds, features, w, target }
      const change = new Float32Array(channels * coarse ** 2)
      const adam = new Adam(change.length, ADAM)
      for (let step = 0; step < STEPS; step++) {
        const { gradient } = await improve.run({ ...feeds, change })
        adam.step(change, gradient, RATE * Math.min(1, (2 * (STEPS - step)) / STEPS))
      }
      const { image, x } = await look.run({ ...feeds, change })
      fitted.push({ x, image, w, picture })
    }
    return fitted
  }
}
