/** StyleGAN2's layers as EG3D uses them (docs/eg3d.md, Layers). Shapes are NCHW; w is [N, w_dim]. */
import {
  abs,
  add,
  clip,
  constant,
  conv,
  convTranspose,
  detach,
  div,
  greater,
  leakyRelu,
  matMul,
  mul,
  pullBack,
  reduceSum,
  reshape,
  sizeOf,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  where,
  withGradient,
} from '../graph/index.ts'
import type { Parameters } from './parameters.ts'
import { resample, upsampleMatrix } from './resample.ts'

type Activation = 'linear' | 'lrelu'
const LRELU_GAIN = Math.SQRT2
const LRELU_SLOPE = 0.2

export const rsqrt = (x: Tensor): Tensor => div(1, sqrt(x))

/** Adds the bias along axis 1, activates, multiplies by the gain, limits to +-clamp (docs/eg3d.md, Layers). */
export function biasAct(
  x: Tensor,
  bias: Tensor | null,
  {
    activation,
    gain = activation === 'lrelu' ? LRELU_GAIN : 1,
    clamp,
  }: { activation: Activation; gain?: number; clamp?: number | null },
): Tensor {
  let y = bias ? add(x, reshape(bias, [-1, ...x.shape.slice(2).map(() => 1)])) : x
  if (activation === 'lrelu') y = leakyRelu(y, LRELU_SLOPE)
  if (gain !== 1) y = mul(y, gain)
  return clamp ? clip(y, -clamp, clamp) : y
}

/** y = act(x W^T L/sqrt(I) + b L), for x [N, I] (docs/eg3d.md, Layers). */
export function fullyConnected(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { multiplier = 1, activation = 'linear' }: { multiplier?: number; activation?: Activation } = {},
): Tensor {
  const product = mul(matMul(x, transpose(weight, [1, 0])), multiplier / Math.sqrt(weight.shape[1]))
  return biasAct(product, multiplier === 1 ? bias : mul(bias, multiplier), { activation })
}

/** outer([1,3,3,1], [1,3,3,1]) / 64, one kernel per channel, for a depthwise convolution (docs/eg3d.md, Layers). */
function fir(channels: number, gain: number): Tensor {
  const taps = [1, 3, 3, 1]
  const kernel = taps.flatMap((a) => taps.map((b) => (a * b * gain) / 64))
  const data = new Float32Array(channels * 16)
  for (let channel = 0; channel < channels; channel++) data.set(kernel, channel * 16)
  return constant(data, [channels, 1, 4, 4])
}

/** The picture at twice the size (docs/eg3d.md, Layers). */
export function upsample2d(x: Tensor): Tensor {
  return resample(x, upsampleMatrix(x.shape[2]), upsampleMatrix(x.shape[3]))
}

/**
 * Modulated convolution (docs/eg3d.md, Layers): input channels are scaled by the styles, output channels by `outer`
 * (demodulation and gain), and the bias is added. One picture modulates the shared kernel, which is smaller than its
 * activations from 64 x 64 on; a batch, or smaller activations, are scaled themselves.
 * @param x [N, I, H, W]
 * @param weight [O, I, k, k]
 * @param styles [N, I]
 * @param outer [N, O]
 * @param bias [O]
 */
export function modulatedConv(
  x: Tensor,
  weight: Tensor,
  styles: Tensor,
  { outer, bias, up = false }: { outer?: Tensor; bias?: Tensor; up?: boolean },
): Tensor {
  const [batch, inputs, height, width] = x.shape
  const [outputs, , size] = weight.shape
  const convolve = (y: Tensor, kernel: Tensor, bias?: Tensor) => {
    const margin = (size - 1) / 2
    if (!up) return conv(y, kernel, { pads: [margin, margin, margin, margin], bias })
    const spread = convTranspose(y, transpose(kernel, [1, 0, 2, 3]), { strides: [2, 2] })
    return conv(spread, fir(outputs, 4), { pads: [1, 1, 1, 1], group: outputs, bias })
  }
  const activations = batch * height * width * (inputs + (up ? 4 : 1) * outputs)
  if (batch === 1 && activations > sizeOf(weight.shape)) {
    const inner = reshape(styles, [1, inputs, 1, 1])
    return convolve(x, mul(weight, outer ? mul(reshape(outer, [outputs, 1, 1, 1]), inner) : inner), bias)
  }
  const y = convolve(mul(x, reshape(styles, [batch, inputs, 1, 1])), weight)
  const z = outer ? mul(y, reshape(outer, [batch, outputs, 1, 1])) : y
  return bias ? add(z, reshape(bias, [outputs, 1, 1])) : z
}

/** What makes the output channels' expected size one again: (sum_{i,k,k} (w s)^2 + 1e-8)^(-1/2), [N, O]. */
export function demodulate(weight: Tensor, styles: Tensor): Tensor {
  // sum_{i,k,k} (w s)^2 = s^2 @ sum_{k,k} w^2
  const power = reshape(reduceSum(square(weight), [2, 3]), weight.shape.slice(0, 2))
  return rsqrt(add(matMul(square(styles), transpose(power, [1, 0])), 1e-8))
}

/** The styles of a layer. None is exactly zero, because gradients are divided by them. */
function affine(parameters: Parameters, name: string, w: Tensor): Tensor {
  const styles = fullyConnected(w, parameters.get(`${name}.affine.weight`), parameters.get(`${name}.affine.bias`))
  return add(styles, detach(where(greater(abs(styles), LEAST_STYLE), 0, LEAST_STYLE)))
}

const LEAST_STYLE = 1e-12

interface LayerOptions {
  clamp: number | null
  /** 'const': the stored noise times its strength; 'none'. */
  noise: 'const' | 'none'
  up?: boolean
}

/**
 * Affine, modulated convolution, noise, bias, leaky ReLU and clamp (docs/eg3d.md, Layers): one step with a gradient of
 * its own, which needs nothing of the forward pass but the layer's input x and its result a.
 *
 * With z = gain (d y + n + b) before the activation, y the convolution of s x and d the demodulation, a = act(z):
 * - g_z = g_a act'(z), and the sign of z is that of a;
 * - g_s = <g_x, x> / s and g_d = <g_z, gain y> / d, because both scale linearly: no second copy of the activations;
 * - <g_z, gain d y> = <g_z, z> - <g_z, gain (b + n)>, and <g_z, z> = <g_a, a>, because act is homogeneous.
 */
export function synthesisLayer(
  parameters: Parameters,
  name: string,
  x: Tensor,
  w: Tensor,
  { clamp, noise, up }: LayerOptions,
): Tensor {
  const weight = parameters.get(`${name}.weight`)
  const [outputs, inputs] = weight.shape
  const [batch] = x.shape
  const styles = affine(parameters, name, w)
  const demodulation = demodulate(weight, styles)
  const bias = mul(parameters.get(`${name}.bias`), LRELU_GAIN)
  const picture =
    noise === 'const'
      ? mul(parameters.get(`${name}.noise_const`), mul(parameters.get(`${name}.noise_strength`), LRELU_GAIN))
      : null

  const convolved = modulatedConv(x, weight, styles, { outer: mul(demodulation, LRELU_GAIN), bias, up })
  const active = leakyRelu(picture ? add(convolved, picture) : convolved, LRELU_SLOPE)
  const value = clamp ? clip(active, -clamp, clamp) : active
  const operands = [x, weight, styles, demodulation, bias, ...(picture ? [picture] : [])]

  return withGradient(value, operands, (g, a) => {
    const inside = clamp ? below(a, clamp) : null
    const ga = inside ? mul(g, inside.mask) : g
    const slope = slopes(a)
    const gz = mul(ga, slope.mask)
    const unit = slope.unit * (inside?.unit ?? 1)
    const outer = detach(mul(demodulation, LRELU_GAIN / unit))
    const linear = modulatedConv(x, weight, detach(styles), { outer, up })
    const pull = (operand: Tensor) => pullBack([linear], [gz], [operand])[0]
    const gx = pull(x)
    const perOutput = (values: Tensor) => reshape(reduceSum(values, [2, 3]), [batch, outputs])
    const sums = mul(perOutput(gz), 1 / unit)
    // A style of exactly 0 would make 0 / 0 of it.
    const divisor = where(greater(square(styles), 0), styles, 1)
    const gStyles = () => div(reshape(reduceSum(mul(gx, x), [2, 3]), [batch, inputs]), divisor)
    const gDemodulation = () => {
      const whole = mul(perOutput(mul(ga, a)), 1 / (inside?.unit ?? 1))
      const constants = [mul(sums, bias)]
      if (picture) constants.push(mul(perOutput(mul(gz, picture)), 1 / unit))
      return div(constants.reduce(sub, whole), demodulation)
    }
    const gBias = () => reshape(reduceSum(sums, [0]), [outputs])
    const gPicture = () => mul(reshape(reduceSum(gz, [0, 1]), picture!.shape), 1 / unit)
    return [() => gx, () => pull(weight), gStyles, gDemodulation, gBias, gPicture]
  })
}

/** 1x1 modulated convolution without demodulation, linear, clamped (docs/eg3d.md, Layers). */
export function toRgbLayer(parameters: Parameters, name: string, x: Tensor, w: Tensor, clamp: number | null): Tensor {
  const weight = parameters.get(`${name}.weight`)
  const styles = mul(affine(parameters, name, w), 1 / Math.sqrt(weight.shape[1] * weight.shape[2] * weight.shape[3]))
  const y = modulatedConv(x, weight, styles, { bias: parameters.get(`${name}.bias`) })
  if (!clamp) return y
  return withGradient(clip(y, -clamp, clamp), [y], (g, result) => {
    const { mask, unit } = below(result, clamp)
    return [() => mul(g, mul(mask, 1 / unit))]
  })
}

/**
 * The slope of the leaky ReLU where it gave a, times a small unit: 1 or 0.2, in one pass and without a comparison's
 * temporaries. Between 0 and the unit it is wrong, which no activation meets.
 */
function slopes(a: Tensor): { mask: Tensor; unit: number } {
  const unit = 2 ** -30
  return { mask: clip(a, LRELU_SLOPE * unit, unit), unit }
}

/** 1 where the clamp left a as it was, otherwise 0, times a unit that is smaller than any distance to the clamp. */
function below(a: Tensor, clamp: number): { mask: Tensor; unit: number } {
  const unit = clamp * 2 ** -25
  return { mask: clip(sub(clamp, abs(a)), 0, unit), unit }
}
