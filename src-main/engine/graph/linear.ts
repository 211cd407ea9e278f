/** Matrix products and convolutions. */
import { broadcastShape } from './elementwise.ts'
import type { Convolution, Pair } from './operations.ts'
import { makeTensor, type Tensor } from './tensor.ts'

/** Product of the last two axes; leading axes broadcast. */
export function matMul(a: Tensor, b: Tensor): Tensor {
  if (a.shape.length < 2 || b.shape.length < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new Error(`MatMul: the last axis of [${a.shape}] must match the last but one of [${b.shape}]`)
  }
  const leading = broadcastShape('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  return makeTensor('MatMul', [a, b], {}, [...leading, a.shape.at(-2)!, b.shape.at(-1)!])
}

export type ConvOptions = Partial<Convolution>
const DEFAULTS: Convolution = { strides: [1, 1], pads: [0, 0, 0, 0], group: 1 }

/**
 * Correlation, as every framework's "convolution".
 * @param x [N, I, H, W]
 * @param w [O, I/group, kh, kw]
 * @param options bias: [O], added inside the convolution, which saves a pass over its result
 */
export function conv(x: Tensor, w: Tensor, { bias, ...options }: ConvOptions & { bias?: Tensor } = {}): Tensor {
  const attributes = { ...DEFAULTS, ...options }
  const { strides, pads, group } = attributes
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[1] * group || w.shape[0] % group !== 0) {
    throw new Error(`Conv: input [${x.shape}] does not match weight [${w.shape}] x group ${group}`)
  }
  if (w.shape.slice(2).some((size, axis) => size > x.shape[2 + axis] + pads[axis] + pads[2 + axis])) {
    throw new Error(`Conv: weight [${w.shape}] is larger than the padded input [${x.shape}], pads [${pads}]`)
  }
  if (bias && String(bias.shape) !== String([w.shape[0]])) {
    throw new Error(`Conv: bias [${bias.shape}] does not match weight [${w.shape}]`)
  }
  const out = (axis: Pair[number]) =>
    Math.floor((x.shape[2 + axis] + pads[axis] + pads[2 + axis] - w.shape[2 + axis]) / strides[axis]) + 1
  return makeTensor('Conv', bias ? [x, w, bias] : [x, w], attributes, [x.shape[0], w.shape[0], out(0), out(1)])
}

/**
 * The adjoint of `conv`: out[s*y + a, s*x + b] += w[a, b] * in[y, x].
 * @param x [N, I, H, W]
 * @param w [I, O/group, kh, kw]
 * @param options outputPadding: rows and columns added at the bottom and right
 */
export function convTranspose(x: Tensor, w: Tensor, options: ConvOptions & { outputPadding?: Pair } = {}): Tensor {
  const attributes = { ...DEFAULTS, outputPadding: [0, 0] as Pair, ...options }
  const { strides, pads, group, outputPadding } = attributes
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[1] !== w.shape[0] || x.shape[1] % group !== 0) {
    throw new Error(`ConvTranspose: input [${x.shape}] does not match weight [${w.shape}] x group ${group}`)
  }
  const out = (axis: Pair[number]) =>
    (x.shape[2 + axis] - 1) * strides[axis] - pads[axis] - pads[2 + axis] + w.shape[2 + axis] + outputPadding[axis]
  return makeTensor('ConvTranspose', [x, w], attributes, [x.shape[0], w.shape[1] * group, out(0), out(1)])
}
