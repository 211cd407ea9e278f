/**
 * EG3D's dual discriminator (docs/eg3d.md, Discriminator): judges a picture together with the rendering it was made
 * from, so that the super-resolution may not show what the planes do not hold.
 */

import type { Weight } from '../../src-main/engine/checkpoint/generator-file.ts'
import { LABEL } from '../../src-main/engine/generator/camera.ts'
import { biasAct, fullyConnected } from '../../src-main/engine/generator/layers.ts'
import { normalize } from '../../src-main/engine/generator/mapping.ts'
import type { Parameters } from '../../src-main/engine/generator/parameters.ts'
import { bilinearMatrix, filterMatrix, resample } from '../../src-main/engine/generator/resample.ts'
import {
  add,
  concat,
  conv,
  expand,
  gradients,
  meanAll,
  mul,
  neg,
  reduceMean,
  reduceSum,
  reshape,
  type Shape,
  softplus,
  sqrt,
  square,
  sub,
  sumAll,
  type Tensor,
} from '../../src-main/engine/graph/index.ts'
import { normalArray } from '../../src-main/engine/random.ts'

export interface DiscriminatorConfig {
  /** Side of the picture, a power of two. */
  readonly resolution: number
  /** Channels at a resolution: base / resolution, at most max. */
  readonly channels: { readonly base: number; readonly max: number }
}

/** What every weight's name begins with, beside the generator's. */
export const PREFIX = 'discriminator.'
const MAPPING_LAYERS = 8
const MAPPING_MULTIPLIER = 0.01
const CLAMP = 256
/** Pictures whose statistics are compared. */
const GROUP = 4

const channelsAt = ({ channels }: DiscriminatorConfig, resolution: number) =>
  Math.min(channels.base / resolution, channels.max)

/** Names and shapes of its weights, and where they start: N(0, 1), biases 0 (docs/eg3d.md, Layers). */
export function discriminatorWeights(config: DiscriminatorConfig, seed: number): Map<string, Weight> {
  const weights = new Map<string, Weight>()
  const put = (name: string, shape: number[], scale = 1) => {
    const length = shape.reduce((product, size) => product * size, 1)
    const data = name.endsWith('bias') ? new Float32Array(length) : normalArray(length, seed, weights.size)
    weights.set(PREFIX + name, { shape, data: data.map((value) => value * scale) })
  }
  const layer = (name: string, shape: number[], scale = 1) => {
    put(`${name}.weight`, shape, scale)
    put(`${name}.bias`, [shape[0]])
  }
  layer(`b${config.resolution}.fromrgb`, [channelsAt(config, config.resolution), 6, 1, 1])
  for (let size = config.resolution; size > 4; size /= 2) {
    const [wide, next] = [channelsAt(config, size), channelsAt(config, size / 2)]
    layer(`b${size}.conv0`, [wide, wide, 3, 3])
    layer(`b${size}.conv1`, [next, wide, 3, 3])
    put(`b${size}.skip.weight`, [next, wide, 1, 1])
  }
  const last = channelsAt(config, 4)
  layer('mapping.embed', [last, LABEL])
  for (let i = 0; i < MAPPING_LAYERS; i++) layer(`mapping.fc${i}`, [last, last], 1 / MAPPING_MULTIPLIER)
  layer('b4.conv', [last, last + 1, 3, 3])
  layer('b4.fc', [last, last * 16])
  layer('b4.out', [last, last])
  return weights
}

/**
 * @param image [N, 3, R, R] in -1..1
 * @param raw the rendering, [N, 3, n, n] in -1..1
 * @param label [N, 25]
 * @returns logits [N, 1]: high for real pictures
 */
export function discriminate(
  { resolution }: DiscriminatorConfig,
  parameters: Parameters,
  image: Tensor,
  raw: Tensor,
  label: Tensor,
): Tensor {
  const get = (name: string) => parameters.get(PREFIX + name)
  const dense = (name: string) => [get(`${name}.weight`), get(`${name}.bias`)] as const
  const enlarged = resample(raw, bilinearMatrix(raw.shape[2], resolution, true))
  let x = convolution(concat([image, enlarged], 1), ...dense(`b${resolution}.fromrgb`))
  for (let size = resolution; size > 4; size /= 2) {
    const name = `b${size}`
    const skip = mul(conv(resample(x, filterMatrix(size, 1, 2)), scaled(get(`${name}.skip.weight`))), Math.SQRT1_2)
    x = convolution(x, ...dense(`${name}.conv0`))
    x = add(skip, convolution(x, ...dense(`${name}.conv1`), true))
  }
  const [batch, channels] = x.shape
  x = convolution(concat([x, deviation(x)], 1), ...dense('b4.conv'))
  x = fullyConnected(reshape(x, [batch, channels * 16]), ...dense('b4.fc'), { activation: 'lrelu' })
  x = fullyConnected(x, ...dense('b4.out'))

  let aim = normalize(fullyConnected(label, ...dense('mapping.embed')))
  for (let i = 0; i < MAPPING_LAYERS; i++) {
    aim = fullyConnected(aim, ...dense(`mapping.fc${i}`), { multiplier: MAPPING_MULTIPLIER, activation: 'lrelu' })
  }
  return mul(reduceSum(mul(x, aim), [1]), 1 / Math.sqrt(channels))
}

/** What the discriminator minimises beside the gradient penalty: softplus(D(made)) + softplus(-D(real)), means. */
export function discriminatorLoss(ofMade: Tensor, ofReal: Tensor): Tensor {
  return add(meanAll(softplus(ofMade)), meanAll(softplus(neg(ofReal))))
}

/**
 * R1 (docs/eg3d.md, Training): the squared gradients of the logits of real pictures with respect to picture and
 * rendering, summed, the mean over the batch.
 */
export function gradientPenalty(logits: Tensor, image: Tensor, raw: Tensor): Tensor {
  const found = gradients(sumAll(logits), [image, raw])
  return mul(found.map((gradient) => sumAll(square(gradient))).reduce(add), 1 / logits.shape[0])
}

/** A weight as it is used: divided by the root of what is summed, inputs * area. */
function scaled(weight: Tensor): Tensor {
  const [, inputs, height, width] = weight.shape
  return mul(weight, 1 / Math.sqrt(inputs * height * width))
}

/** Convolution with a leaky ReLU; where it halves the picture, at the gain that a sum of two needs. */
function convolution(x: Tensor, weight: Tensor, bias: Tensor, halves = false): Tensor {
  const margin = (weight.shape[2] - 1) / 2
  const y = halves
    ? conv(resample(x, filterMatrix(x.shape[2], margin + 1, 1)), scaled(weight), { strides: [2, 2] })
    : conv(x, scaled(weight), { pads: [margin, margin, margin, margin] })
  const gain = halves ? Math.SQRT1_2 : 1
  return biasAct(y, bias, { activation: 'lrelu', gain: Math.SQRT2 * gain, clamp: CLAMP * gain })
}

/** How much the pictures of a group differ, as one more channel of each [N, 1, H, W]. Sample n belongs to group n mod groups. */
function deviation(x: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape
  const size = Math.min(GROUP, batch)
  const groups = batch / size
  const grouped = reshape(x, [size, groups, channels, height, width])
  const variance = reduceMean(square(sub(grouped, reduceMean(grouped, [0]))), [0])
  const mean = reduceMean(sqrt(add(variance, 1e-8)), [2, 3, 4])
  const all: Shape = [size, groups, 1, height, width]
  return reshape(expand(mean, all), [batch, 1, height, width])
}
