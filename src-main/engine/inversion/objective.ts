/** What an inversion minimises: how far a view is from the portrait, as one model that gives loss and gradients. */

import { UserError } from '../errors.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { coloursOf, type Generator, type View, type ViewGradient, type Weights } from '../generator/generator.ts'
import { areaMatrix, bilinearMatrix, type ResamplingMatrix } from '../generator/resample.ts'
import {
  add,
  div,
  gradients,
  input,
  meanAll,
  mul,
  sqrt,
  square,
  sub,
  sumAll,
  type Tensor,
  writeModel,
} from '../graph/index.ts'
import { perceptualTaps } from '../networks/faceres.ts'
import type { Program } from '../runtime/runtime.ts'

/** What a loss may move of a head. */
export type Aim = 'head' | 'outline' | 'colour'

/** A scalar loss of a view with its parts, and its gradient. */
export interface Judgement {
  readonly loss: number
  readonly terms: Readonly<Record<string, number>>
  readonly gradient: ViewGradient
}

export interface Objective {
  judge(view: View): Promise<Judgement>
}

/**
 * Asked before a step is taken, so that a step that cannot be taken leaves everything as it was.
 * @throws UserError where the loss or a gradient holds something that is no number
 */
export function assertFinite({ runtime }: Generator, loss: number, ...gradients: Float32Array[]): void {
  const sums = gradients.map((gradient) => gradient.reduce((sum, value) => sum + value, 0))
  if ([loss, ...sums].every(Number.isFinite)) return
  throw new UserError('loss-not-finite', { provider: runtime.provider.name })
}

/**
 * Where the outline moves shape, colour only says which of the shapes of that outline: at its full weight, and with the
 * perceptual distance, it bends the face to mend what is none of shape.
 */
export const WEIGHTS: Readonly<Record<Aim, { pixels: number; perceptual: number; matte: number }>> = {
  head: { pixels: 1, perceptual: 0.4, matte: 1 },
  outline: { pixels: 0.3, perceptual: 0, matte: 1 },
  colour: { pixels: 1, perceptual: 0.4, matte: 0 },
}

/**
 * Pixels inside the head's matte, FaceRes activations, and the opacity against the matte. With a generator that paints
 * on white the background is compared as white; otherwise it is left out.
 *
 * Where colour alone may move, nothing is asked outside the matte: there it could only paint the background on the head.
 *
 * Where a super-resolution makes the picture, the rendering before it is compared as well: it is what a mesh and the
 * turning volume show, and the super-resolution alone could make up for anything in it.
 */
export class PortraitObjective implements Objective {
  /** [3 * R * R] in -1..1: the portrait as the picture should become. */
  readonly target: Float32Array
  private readonly generator: Generator
  private readonly plain: boolean
  private readonly program: Program
  private readonly fixed: Readonly<Record<string, Float32Array>>

  private constructor(
    generator: Generator,
    plain: boolean,
    target: Float32Array,
    program: Program,
    fixed: Record<string, Float32Array>,
  ) {
    this.generator = generator
    this.plain = plain
    this.target = target
    this.program = program
    this.fixed = fixed
  }

  /**
   * @param resolution side of the rendering, in rays
   * @param plain judges the rendering itself, not the super-resolution's picture
   * @param faceRes weights of the perceptual network
   * @param aim what the loss is to move
   */
  static async create(
    generator: Generator,
    portrait: MattedPortrait,
    resolution: number,
    plain: boolean,
    faceRes: Weights,
    aim: Aim = 'head',
  ): Promise<PortraitObjective> {
    const { config, runtime } = generator
    const white = config.rendering_kwargs.white_back
    const whole = white && aim !== 'colour'
    const weights = WEIGHTS[aim]
    const side = plain ? resolution : config.image_resolution
    const image = input('image', [1, 3, side, side])
    const opacity = input('opacity', [1, 1, resolution, resolution])
    const target = input('target', image.shape)
    const mask = input('mask', [1, 1, side, side])
    const shown = input('shown', mask.shape)
    const [matte, known] = [input('matte', opacity.shape), input('known', opacity.shape)]

    let pixels = distance(image, target, mask)
    const wrt: Record<string, Tensor> = { image, ...(whole && { opacity }) }
    if (!plain) {
      const rendered = input('rendered', [1, 3, resolution, resolution])
      const small = distance(rendered, input('small.target', rendered.shape), input('small.mask', opacity.shape))
      pixels = mul(add(pixels, small), 0.5)
      wrt.rendered = rendered
    }
    const taps = perceptualTaps(faceRes, blend(image, target, whole ? shown : mask))
    const aims = taps.map((tap, i) => input(`tap${i}`, tap.shape))
    const perceptual = taps.reduce<Tensor | undefined>((sum, tap, i) => {
      const term = div(meanAll(square(sub(tap, aims[i]))), meanAll(square(aims[i])))
      return sum ? add(sum, term) : term
    }, undefined)!
    // What lies beyond the photo's edge may be anything.
    const coverage = div(sumAll(mul(square(sub(opacity, matte)), known)), sumAll(known))

    let loss = mul(pixels, weights.pixels)
    if (weights.perceptual > 0) loss = add(loss, mul(perceptual, weights.perceptual / taps.length))
    if (whole) loss = add(loss, mul(coverage, weights.matte))
    const found = gradients(loss, Object.values(wrt))
    const named = Object.fromEntries(Object.keys(wrt).map((name, i) => [`d.${name}`, found[i]]))
    const program = await runtime.compile(writeModel({ loss, pixels, perceptual, coverage, ...named }))

    const prepared = prepare(portrait, side, resolution, plain, white, aim)
    const seen = input('target', image.shape)
    const look = await runtime.compile(
      writeModel(Object.fromEntries(perceptualTaps(faceRes, seen).map((tap, i) => [`tap${i}`, tap]))),
    )
    const network = Object.fromEntries([...faceRes].map(([name, { data }]) => [name, data]))
    const fixed = { ...network, ...prepared, ...(await look.run({ ...network, target: prepared.target })) }
    return new PortraitObjective(generator, plain, prepared.target, program, fixed)
  }

  async judge({ image, rendering }: View): Promise<Judgement> {
    const rendered = coloursOf(rendering.features, this.generator.config.decoder_output_dim)
    const shown = { image, opacity: rendering.opacity, ...(!this.plain && { rendered }) }
    const result = await this.program.run({ ...this.fixed, ...shown })
    const [pixels, perceptual, matte] = [result.pixels[0], result.perceptual[0], result.coverage[0]]
    return {
      loss: result.loss[0],
      terms: { pixels, perceptual, matte },
      gradient: { image: result['d.image'], opacity: result['d.opacity'], rendered: result['d.rendered'] },
    }
  }
}

/** Charbonnier, L1 that is smooth at zero, as a mean over what the mask shows. */
function distance(image: Tensor, target: Tensor, mask: Tensor): Tensor {
  const difference = sqrt(add(square(sub(image, target)), 1e-4))
  return div(sumAll(mul(difference, mask)), mul(sumAll(mask), 3))
}

/** What the perceptual network is shown: what does not count is the target itself. */
function blend(image: Tensor, target: Tensor, mask: Tensor): Tensor {
  return add(mul(image, mask), mul(target, sub(1, mask)))
}

/** Target and mask at the picture's size and, where that is not the rendering, at the rendering's; the matte at the latter. */
export function prepare(
  portrait: MattedPortrait,
  side: number,
  resolution: number,
  plain: boolean,
  white: boolean,
  aim: Aim,
) {
  // The white background counts a little: it holds the outline, but the person matters. What is half background has
  // nothing to say of the person's colour.
  const count = (alpha: number) => (aim === 'colour' ? Math.max(0, 2 * alpha - 1) : white ? 0.15 + 0.85 * alpha : alpha)
  const { size, rgb, matte, valid } = portrait
  const picture = new Float32Array(3 * size * size)
  const mask = new Float32Array(size * size)
  for (let i = 0; i < size * size; i++) {
    const alpha = white ? matte[i] : 1
    for (let channel = 0; channel < 3; channel++) {
      picture[channel * size * size + i] = alpha * (rgb[i * 3 + channel] / 127.5 - 1) + (1 - alpha)
    }
    mask[i] = valid[i] * count(matte[i])
  }
  const known = Float32Array.from(valid)
  return {
    target: shrink(picture, size, side),
    mask: plain ? shrink(mask, size, side) : withoutBorder(shrink(mask, size, side), side),
    shown: shrink(known, size, side),
    matte: shrink(matte, size, resolution),
    known: shrink(known, size, resolution),
    ...(!plain && {
      'small.target': shrink(picture, size, resolution),
      'small.mask': shrink(mask, size, resolution),
    }),
  }
}

/** 0 in the outermost pixels, which a super-resolution greys and no plane can change (see `withoutFrame`). */
function withoutBorder(mask: Float32Array, side: number): Float32Array {
  const isInner = (at: number) => at > 0 && at < side - 1
  return mask.map((value, i) => (isInner(Math.floor(i / side)) && isInner(i % side) ? value : 0))
}

/** Resamples channels of `from` x `from` to `to` x `to`, every pixel counting. */
export function shrink(picture: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return picture
  const taps = tapsOf(from > to ? areaMatrix(from, to) : bilinearMatrix(from, to, true))
  const channels = picture.length / (from * from)
  const wide = new Float32Array(channels * from * to)
  for (let row = 0; row < channels * from; row++) multiplyRow(taps, picture, row * from, 1, wide, row * to, 1)
  const result = new Float32Array(channels * to * to)
  for (let channel = 0; channel < channels; channel++) {
    for (let column = 0; column < to; column++) {
      multiplyRow(taps, wide, channel * from * to + column, to, result, channel * to * to + column, to)
    }
  }
  return result
}

/** What a row of a matrix takes its sum from: all others of its weights are 0. */
interface Taps {
  readonly first: number
  readonly weights: Float32Array
}

const tapsOf = ({ data, from, to }: ResamplingMatrix): Taps[] =>
  Array.from({ length: to }, (_, i) => {
    const row = data.subarray(i * from, (i + 1) * from)
    const first = row.findIndex((weight) => weight !== 0)
    return { first, weights: row.subarray(first, row.findLastIndex((weight) => weight !== 0) + 1) }
  })

function multiplyRow(
  taps: readonly Taps[],
  source: Float32Array,
  at: number,
  step: number,
  result: Float32Array,
  into: number,
  stride: number,
): void {
  taps.forEach(({ first, weights }, row) => {
    let sum = 0
    for (let k = 0; k < weights.length; k++) sum += weights[k] * source[at + (first + k) * step]
    result[into + row * stride] = sum
  })
}
