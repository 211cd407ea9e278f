/**
 * Reverse-mode differentiation. `rules` is the whole derivative table: one exhaustive record, so that an operation
 * without a rule does not compile. A rule gives, for each operand, how to make its adjoint from the result's adjoint g;
 * adjoints are ordinary tensors, so they can be differentiated again and written into the same model.
 */
import { add, constant, div, greater, mul, neg, sigmoid, where } from './elementwise.ts'
import { conv, convTranspose, matMul } from './linear.ts'
import type { Convolution, GradientRule, Operation, Pair } from './operations.ts'
import { concat, expand, pad, reduceSum, reshape, slice, sliceAll, transpose, transposeLast } from './shape.ts'
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
    () => convWeight(x, w, attributes, g),
    () => reshape(reduceSum(g, [0, 2, 3]), bias.shape),
  ],
  // The adjoint of a transposed convolution is the convolution itself, and its weight plays both parts.
  ConvTranspose: ({ inputs: [x, w], attributes }, g) => {
    const { strides, pads, group } = attributes
    return [
      () => cropTo(conv(g, w, { strides, pads, group }), x.shape),
      () => transpose(tapProducts(g, x, attributes, [w.shape[2], w.shape[3]]), [1, 0, 2, 3]),
    ]
  },

  ReduceSum: ({ inputs: [x] }, g) => [() => expand(g, x.shape)],

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
export function withGradient(value: Tensor, operands: readonly Tensor[], rule: GradientRule): Tensor {
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

function convWeight(x: Tensor, w: Tensor, attributes: Convolution, g: Tensor): Tensor {
  return transpose(tapProducts(x, g, attributes, [w.shape[2], w.shape[3]]), [1, 0, 2, 3])
}

/**
 * The adjoint of a convolution with respect to its weight: for each tap (a, b) the product over all positions of the
 * larger map, shifted by the tap and strided, with the smaller one. k x k slices and matrix products.
 * @param large [N, P, H, W]: the convolution's input, or the transposed convolution's output
 * @param small [N, Q, h, w]: the other one
 * @returns [P, Q, kh, kw]
 */
function tapProducts(large: Tensor, small: Tensor, { strides, pads, group }: Convolution, kernel: Pair): Tensor {
  if (group !== 1) throw new Error('Conv: grouped kernels are constants here, they have no gradient')
  const [batch, channels, h, w] = small.shape
  const reach = (axis: number) => (small.shape[2 + axis] - 1) * strides[axis] + kernel[axis]
  const after = [0, 1].map((axis) => Math.max(0, reach(axis) - large.shape[2 + axis] - pads[axis]))
  const padded = pad(large, [0, 0, pads[0], pads[1]], [0, 0, after[0], after[1]])
  const columns = transposeLast(reshape(small, [batch, channels, h * w]))
  const taps: Tensor[] = []
  for (let a = 0; a < kernel[0]; a++) {
    for (let b = 0; b < kernel[1]; b++) {
      const ends = [batch, padded.shape[1], a + (h - 1) * strides[0] + 1, b + (w - 1) * strides[1] + 1]
      const shifted = sliceAll(padded, [0, 0, a, b], ends, [1, 1, ...strides])
      const product = matMul(reshape(shifted, [batch, padded.shape[1], h * w]), columns)
      taps.push(reshape(reduceSum(product, batch === 1 ? [] : [0]), [padded.shape[1], channels, 1]))
    }
  }
  return reshape(concat(taps, 2), [padded.shape[1], channels, ...kernel])
}
