/**
 * Reverse-mode differentiation. `rules` is the whole derivative table: one exhaustive record, so that an operation
 * without a rule does not compile. A rule gives, for each operand, how to make its adjoint from the result's adjoint g;
 * adjoints are ordinary tensors, so they can be differentiated again and written into the same model.
 */
import { add, constant, div, greater, mul, neg, sigmoid, where } from './elementwise.ts'
import { conv, convTranspose, matMul } from './linear.ts'
import type { Convolution, GradientRule, Operation, Pair } from './operations.ts'
import {
  concat,
  expand,
  gather,
  pad,
  reduceSum,
  reshape,
  scatterAdd,
  slice,
  sliceAll,
  transpose,
  transposeLast,
} from './shape.ts'
import { ancestors, makeTensor, type Shape, sizeOf, type Tensor } from './tensor.ts'

/** One thunk per operand; null where nothing can flow (conditions). Only the wanted ones are called. */
type Rule<K extends Operation> = (node: Tensor<K>, g: Tensor) => readonly ((() => Tensor) | null)[]

const rules: { readonly [K in Operation]: Rule<K> } = {
  Input: () => [],
  Constant: () => [],

  Add: ({ inputs: [a, b] }, g) => [() => unbroadcast(g, a), () => unbroadcast(g, b)],
  Sub: ({ inputs: [a, b] }, g) => [() => unbroadcast(g, a), () => unbroadcast(neg(g), b)],
  Mul: ({ inputs: [a, b] }, g) => [() => unbroadcast(mul(g, b), a), () => unbroadcast(mul(g, a), b)],
  // d(a/b) = da/b - a/b^2 db
  Div: (node, g) => {
    const [a, b] = node.inputs
    return [() => unbroadcast(div(g, b), a), () => unbroadcast(neg(mul(g, div(node, b))), b)]
  },
  Max: ({ inputs: [a, b] }, g) => {
    const first = greater(a, b)
    return [() => unbroadcast(where(first, g, 0), a), () => unbroadcast(where(first, 0, g), b)]
  },

  Neg: (_, g) => [() => neg(g)],
  Abs: ({ inputs: [x] }, g) => [() => where(greater(x, 0), g, neg(g))],
  Exp: (node, g) => [() => mul(g, node)],
  Log: ({ inputs: [x] }, g) => [() => div(g, x)],
  // d sqrt(x) = dx / (2 sqrt(x))
  Sqrt: (node, g) => [() => div(mul(g, 0.5), node)],
  Floor: () => [null],
  // d sigmoid(x) = s (1 - s) dx
  Sigmoid: (node, g) => [() => mul(g, mul(node, add(neg(node), 1)))],
  Softplus: ({ inputs: [x] }, g) => [() => mul(g, sigmoid(x))],
  LeakyRelu: ({ inputs: [x], attributes }, g) => [() => mul(g, where(greater(x, 0), 1, attributes.alpha))],
  Clip: ({ inputs: [x], attributes }, g) => [
    () => where(greater(x, attributes.min), where(greater(attributes.max, x), g, 0), 0),
  ],

  Greater: () => [null, null],
  Where: ({ inputs: [condition, a, b] }, g) => [
    null,
    () => unbroadcast(where(condition, g, 0), a),
    () => unbroadcast(where(condition, 0, g), b),
  ],

  // d(AB) = dA B + A dB
  MatMul: ({ inputs: [a, b] }, g) => [
    () => unbroadcast(matMul(g, transposeLast(b)), a),
    () => {
      if (b.shape.length > 2) return unbroadcast(matMul(transposeLast(a), g), b)
      // One flat product instead of a batch of products that is then summed.
      const rows = (x: Tensor) => reshape(x, [-1, x.shape.at(-1)!])
      return matMul(transposeLast(rows(a)), rows(g))
    },
  ],
  Conv: ({ inputs: [x, w, bias], attributes }, g) => [
    () => convInput(x, w, attributes, g),
    () => tapProducts(x, g, attributes, [w.shape[2], w.shape[3]]),
    () => reshape(reduceSum(g, [0, 2, 3]), bias.shape),
  ],
  // The adjoint of a transposed convolution is the convolution itself, and its weight plays both parts.
  ConvTranspose: ({ inputs: [x, w], attributes }, g) => {
    const { strides, pads, group } = attributes
    return [
      () => cropTo(conv(g, w, { strides, pads, group }), x.shape),
      () => tapProducts(g, x, attributes, [w.shape[2], w.shape[3]]),
    ]
  },

  ReduceSum: ({ inputs: [x] }, g) => [() => expand(g, x.shape)],
  ReduceMax: (node, g) => [() => where(greater(node, node.inputs[0]), 0, g)],

  Reshape: ({ inputs: [x] }, g) => [() => reshape(g, x.shape)],
  Transpose: ({ attributes: { permutation } }, g) => [
    () =>
      transpose(
        g,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
  ],
  Concat: ({ inputs, attributes: { axis } }, g) => {
    let end = 0
    return inputs.map((part) => {
      const start = end
      end += part.shape[axis]
      return () => slice(g, axis, start, start + part.shape[axis])
    })
  },
  Slice: ({ inputs: [x], attributes: { starts, steps } }, g) => [
    () => {
      const spread = steps.reduce((tensor, step, axis) => insertZeros(tensor, axis, step), g)
      const after = x.shape.map((size, axis) => Math.max(0, size - starts[axis] - spread.shape[axis]))
      return cropTo(pad(spread, starts, after), x.shape)
    },
  ],
  Pad: ({ inputs: [x], attributes: { before } }, g) => [
    () =>
      sliceAll(
        g,
        before,
        x.shape.map((size, axis) => before[axis] + size),
        x.shape.map(() => 1),
      ),
  ],
  Expand: ({ inputs: [x] }, g) => [() => unbroadcast(g, x)],
  Gather: ({ inputs: [x, index] }, g) => [() => scatterAdd(index, g, x.shape[0]), null],
  ScatterAdd: ({ inputs: [index] }, g) => [null, () => gather(g, index)],

  WithGradient: (node, g) => [null, ...node.attributes.rule(g, node)],
}

/** Every operation there is; for tests that hold the tables against each other. */
export const operations = Object.keys(rules) as readonly Operation[]

/**
 * The gradients of a scalar loss.
 * @param loss one element
 * @param wrt tensors the loss depends on: inputs, or anything in between
 * @returns one tensor per entry of `wrt`, of its shape
 * @throws when the loss is not a scalar or does not depend on a leaf
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1) throw new Error(`gradients: the loss has shape [${loss.shape}], not one element`)
  return pullBack([loss], [constant(new Float32Array([1]), loss.shape)], wrt)
}

/**
 * The vector-Jacobian product: gradients of sum_i <outputs_i, cotangents_i>. This is how passes are chained over
 * several models: what one returns as the gradient of its input is the next one's cotangent.
 * @throws when shapes differ, or no output depends on an entry of `wrt`
 */
export function pullBack(outputs: readonly Tensor[], cotangents: readonly Tensor[], wrt: readonly Tensor[]): Tensor[] {
  const nodes = ancestors(outputs)
  const depends = new Set<Tensor>(wrt)
  for (const node of nodes) if (node.inputs.some((operand) => depends.has(operand))) depends.add(node)

  const adjoints = new Map<Tensor, Tensor>()
  const accumulate = (node: Tensor, g: Tensor) => {
    const sum = adjoints.get(node)
    adjoints.set(node, sum ? add(sum, g) : g)
  }
  outputs.forEach((output, i) => {
    if (String(output.shape) !== String(cotangents[i].shape)) {
      throw new Error(`gradients: cotangent [${cotangents[i].shape}] does not match output [${output.shape}]`)
    }
    accumulate(output, cotangents[i])
  })

  for (const node of nodes.reverse()) {
    const g = adjoints.get(node)
    if (!g || !node.inputs.some((operand) => depends.has(operand))) continue
    const thunks = (rules[node.operation] as Rule<Operation>)(node, g)
    node.inputs.forEach((operand, i) => {
      const adjoint = thunks[i]
      if (adjoint && depends.has(operand)) accumulate(operand, adjoint())
    })
  }

  return wrt.map((tensor) => {
    const g = adjoints.get(tensor)
    if (!g) throw new Error(`gradients: the loss does not depend on ${nameOf(tensor)}`)
    return g
  })
}

function nameOf(tensor: Tensor): string {
  const { operation, attributes, shape } = tensor
  return 'name' in attributes ? `the input '${attributes.name}'` : `a ${operation} of shape [${shape}]`
}

/**
 * A value with a derivative of its own: for compositions whose adjoint has a cheaper form than its parts' adjoints.
 * @param operands what the value depends on; nothing flows to anything else
 */
export function withGradient(value: Tensor, operands: readonly Tensor[], rule: GradientRule<Tensor>): Tensor {
  return makeTensor('WithGradient', [value, ...operands], { rule }, value.shape, value.dtype)
}

/** The value as if it were given: nothing flows back. */
export function detach(value: Tensor): Tensor {
  return withGradient(value, [], () => [])
}

/** Sums g over the axes along which `operand` was broadcast, the adjoint of broadcasting. */
function unbroadcast(g: Tensor, operand: Tensor): Tensor {
  const target: Shape = operand.shape
  if (String(g.shape) === String(target)) return g
  const lead = g.shape.length - target.length
  const axes = g.shape.flatMap((size, axis) => (axis < lead || (target[axis - lead] === 1 && size !== 1) ? [axis] : []))
  return reshape(reduceSum(g, axes), target)
}

/** The leading part of x that has the given shape. */
function cropTo(x: Tensor, shape: Shape): Tensor {
  const zeros = shape.map(() => 0)
  const ones = shape.map(() => 1)
  return sliceAll(x, zeros, shape, ones)
}

/** step - 1 zeros after each element of an axis, the adjoint of a strided slice. */
function insertZeros(x: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return x
  const split = reshape(x, x.shape.toSpliced(axis + 1, 0, 1))
  const after = split.shape.map((_, i) => (i === axis + 1 ? step - 1 : 0))
  const padded = pad(split, new Array(after.length).fill(0), after)
  return reshape(padded, x.shape.with(axis, x.shape[axis] * step))
}

/**
 * The adjoint of a correlation with respect to its input: with stride 1 the correlation of g with the kernel turned
 * half round and its channels exchanged (1.2 to 2.5 times faster in onnxruntime than the transposed convolution).
 */
function convInput(x: Tensor, w: Tensor, attributes: Convolution, g: Tensor): Tensor {
  const { strides, pads, group } = attributes
  const [outputs, perGroup, kh, kw] = w.shape
  const depthwise = perGroup === 1 && outputs === group
  const padded = pads.every((amount, i) => amount < w.shape[2 + (i % 2)])
  if (strides[0] === 1 && strides[1] === 1 && (group === 1 || depthwise) && padded) {
    const exchanged = group === 1 ? transpose(w, [1, 0, 2, 3]) : w
    const flipped = kh * kw === 1 ? exchanged : matMul(reshape(exchanged, [-1, kh * kw]), reversal(kh * kw))
    const kernel = reshape(flipped, group === 1 ? [perGroup, outputs, kh, kw] : w.shape)
    const [top, left] = [kh - 1 - pads[0], kw - 1 - pads[1]]
    const bottom = x.shape[2] - g.shape[2] + kh - 1 - top
    const right = x.shape[3] - g.shape[3] + kw - 1 - left
    return conv(g, kernel, { pads: [top, left, bottom, right], group })
  }
  const reach = (axis: number) =>
    (g.shape[2 + axis] - 1) * strides[axis] - pads[axis] - pads[2 + axis] + w.shape[2 + axis]
  const outputPadding: Pair = [x.shape[2] - reach(0), x.shape[3] - reach(1)]
  return convTranspose(g, w, { strides, pads, group, outputPadding })
}

/** The matrix that turns a row of n values round. */
function reversal(n: number): Tensor {
  const data = new Float32Array(n * n)
  for (let i = 0; i < n; i++) data[i * n + (n - 1 - i)] = 1
  return constant(data, [n, n])
}

/**
 * The adjoint of a convolution with respect to its weight: for each tap (a, b) the product over all positions of the
 * larger map, shifted by the tap and strided, with the smaller one. The larger map is stacked once for each column of the
 * kernel and the smaller one once for each row, so that one product gives all taps: wide enough for the CPU provider's
 * to run at its full rate, where a product a tap takes a third longer and k x k copies of the map.
 * @param large [N, P, H, W]: the convolution's input, or the transposed convolution's output
 * @param small [N, Q, h, w]: the other one
 * @returns [Q, P, kh, kw]
 */
function tapProducts(large: Tensor, small: Tensor, { strides, pads, group }: Convolution, kernel: Pair): Tensor {
  if (group !== 1) throw new Error('Conv: grouped kernels are constants here, they have no gradient')
  const [stride] = strides
  // With a stride, taps a = r + stride m of one remainder r meet the same rows of the larger map.
  const parts = Array.from({ length: Math.min(stride, kernel[0]) }, (_, r) => {
    const first = (((r - pads[0]) % stride) + stride) % stride
    const rows = { first, shift: (first + pads[0] - r) / stride, taps: Math.ceil((kernel[0] - r) / stride) }
    return rowProducts(large, small, strides, rows, { left: pads[1], taps: kernel[1] })
  })
  const rows = Array.from({ length: kernel[0] }, (_, a) => {
    const m = Math.floor(a / stride)
    return slice(parts[a % stride], 2, m, m + 1)
  })
  return concat(rows, 2)
}

/** Numbers that a block of rows holds at most when it is stacked: 32 MiB. */
const STACKED = 2 ** 23

/**
 * The products of rows `first` + stride t of the larger map with rows t + `shift` - m of the smaller one,
 * m = 0 .. taps - 1, for each column of the kernel; in blocks of rows, which bounds the memory of the stacks.
 * @returns [Q, P, taps of rows, taps of columns]
 */
function rowProducts(
  large: Tensor,
  small: Tensor,
  strides: Pair,
  rows: { first: number; shift: number; taps: number },
  columns: { left: number; taps: number },
): Tensor {
  const [batch, p, , width] = large.shape
  const [, q, h, w] = small.shape
  const height = Math.ceil((large.shape[2] - rows.first) / strides[0])
  const right = Math.max(0, (w - 1) * strides[1] + columns.taps - width - columns.left)
  const step = Math.max(1, Math.floor(STACKED / (batch * Math.max(columns.taps * p, rows.taps * q) * w)))
  const products: Tensor[] = []
  for (let from = 0; from < height; from += step) {
    const to = Math.min(from + step, height)
    const [top, bottom] = [from + rows.shift - rows.taps + 1, to + rows.shift]
    const [low, high] = [Math.max(0, top), Math.min(h, bottom)]
    if (low >= high) continue
    const [start, end] = [from, to - 1].map((row) => rows.first + row * strides[0])
    const block = slice(large, 2, start, end + 1, strides[0])
    const shifted = stack(block, [1, columns.taps], [0, columns.left, 0, right], [1, strides[1]])
    const met = stack(slice(small, 2, low, high), [rows.taps, 1], [low - top, 0, bottom - high, 0], [1, 1])
    const flat = (x: Tensor) => reshape(x, [batch, x.shape[1], -1])
    products.push(matMul(flat(met), transposeLast(flat(shifted))))
  }
  const shape = [q, rows.taps, p, columns.taps]
  // No row of the one map may meet any of the other: with a tap in the padding alone.
  if (products.length === 0) return constant(new Float32Array(sizeOf(shape)), [q, p, rows.taps, columns.taps])
  const sum = reduceSum(products.reduce(add), batch === 1 ? [] : [0])
  return transpose(reshape(sum, shape), [0, 2, 1, 3])
}

/**
 * The map once for each tap of a row or column of the kernel, shifted by it: a convolution with kernels of one 1 each,
 * which is faster than slicing, padding and concatenating.
 * @returns [N, C * taps, ...]; rows are shifted downwards, columns to the left
 */
function stack(x: Tensor, kernel: Pair, pads: Convolution['pads'], strides: Pair): Tensor {
  const [, channels] = x.shape
  const taps = kernel[0] * kernel[1]
  if (taps === 1 && strides[1] === 1 && pads.every((amount) => amount === 0)) return x
  const data = new Float32Array(channels * taps * taps)
  for (let i = 0; i < channels * taps; i++) data[i * taps + (kernel[0] > 1 ? taps - 1 - (i % taps) : i % taps)] = 1
  return conv(x, constant(data, [channels * taps, 1, ...kernel]), { pads, strides, group: channels })
}
