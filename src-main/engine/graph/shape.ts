/** Operations that move or sum values without mixing them otherwise: reshaping, slicing, padding, reductions. */
import { broadcastShape, mul } from './elementwise.ts'
import { makeTensor, type Shape, sizeOf, type Tensor } from './tensor.ts'

/** Same values, other shape; one size may be -1 and is then worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1)
  const full = shape.map((size) => (size === -1 ? sizeOf(x.shape) / known : size))
  if (sizeOf(full) !== sizeOf(x.shape) || !full.every(Number.isInteger)) {
    throw new Error(`Reshape: [${x.shape}] does not fit [${shape}]`)
  }
  return makeTensor('Reshape', [x], {}, full)
}

/** Axis i of the result is axis permutation[i] of x. */
export function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const valid = permutation.length === x.shape.length && x.shape.every((_, axis) => permutation.includes(axis))
  if (!valid) throw new Error(`Transpose: [${permutation}] is no permutation of the axes of [${x.shape}]`)
  return makeTensor(
    'Transpose',
    [x],
    { permutation },
    permutation.map((axis) => x.shape[axis]),
  )
}

/** Exchanges the last two axes. */
export function transposeLast(x: Tensor): Tensor {
  const rank = x.shape.length
  return transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2])
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first] = parts
  if (!(axis >= 0 && axis < first.shape.length)) throw new Error(`Concat: no axis ${axis} in [${first.shape}]`)
  for (const part of parts) {
    const fits =
      part.shape.length === first.shape.length && part.shape.every((size, i) => i === axis || size === first.shape[i])
    if (!fits) throw new Error(`Concat: [${part.shape}] does not fit [${first.shape}] along axis ${axis}`)
  }
  if (parts.length === 1) return first
  const total = parts.reduce((sum, part) => sum + part.shape[axis], 0)
  return makeTensor('Concat', parts, { axis }, first.shape.with(axis, total))
}

/** x[start:end:step] along one axis; `end` is at most the axis' size. */
export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  return sliceAll(
    x,
    x.shape.map((_, i) => (i === axis ? start : 0)),
    x.shape.map((size, i) => (i === axis ? end : size)),
    x.shape.map((_, i) => (i === axis ? step : 1)),
  )
}

/** x[start:end:step] along every axis. */
export function sliceAll(x: Tensor, starts: Shape, ends: Shape, steps: Shape): Tensor {
  x.shape.forEach((size, axis) => {
    const [start, end, step] = [starts[axis], ends[axis], steps[axis]]
    if (!(start >= 0 && start < end && end <= size && step >= 1)) {
      throw new Error(`Slice: ${start}:${end}:${step} is outside axis ${axis} of [${x.shape}]`)
    }
  })
  if (x.shape.every((size, axis) => starts[axis] === 0 && ends[axis] === size && steps[axis] === 1)) return x
  const shape = x.shape.map((_, axis) => Math.ceil((ends[axis] - starts[axis]) / steps[axis]))
  return makeTensor('Slice', [x], { starts, ends, steps }, shape)
}

/** Zeros before and after each axis. */
export function pad(x: Tensor, before: Shape, after: Shape): Tensor {
  if (before.length !== x.shape.length || after.length !== x.shape.length) {
    throw new Error(`Pad: [${before}] and [${after}] do not match the axes of [${x.shape}]`)
  }
  if ([...before, ...after].some((amount) => amount < 0)) {
    throw new Error(`Pad: [${before}] and [${after}] are no amounts of zeros; cut with slice`)
  }
  if ([...before, ...after].every((amount) => amount === 0)) return x
  const shape = x.shape.map((size, axis) => before[axis] + size + after[axis])
  return makeTensor('Pad', [x], { before, after }, shape)
}

/** Repeats along axes of size 1 (and new leading axes) until the shape is reached. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const full = broadcastShape('Expand', x.shape, shape)
  if (sizeOf(full) !== sizeOf(shape)) throw new Error(`Expand: [${x.shape}] does not fit into [${shape}]`)
  return makeTensor('Expand', [x], {}, full)
}

/** Sum over the axes, which stay with size 1. */
export const reduceSum = reduction('ReduceSum')

/** The greatest along the axes, which stay with size 1; where several are, each has the whole gradient. */
export const reduceMax = reduction('ReduceMax')

function reduction(operation: 'ReduceSum' | 'ReduceMax') {
  return (x: Tensor, axes: readonly number[]): Tensor => {
    for (const axis of axes) {
      if (!(axis >= 0 && axis < x.shape.length)) throw new Error(`${operation}: no axis ${axis} in [${x.shape}]`)
    }
    if (axes.length === 0) return x
    const shape = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    return makeTensor(operation, [x], { axes }, shape)
  }
}

/** Mean over the axes, which stay with size 1. */
export function reduceMean(x: Tensor, axes: readonly number[]): Tensor {
  const count = axes.reduce((product, axis) => product * x.shape[axis], 1)
  return mul(reduceSum(x, axes), 1 / count)
}

/** Sum of all elements, a scalar. */
export function sumAll(x: Tensor): Tensor {
  return reshape(reduceSum(x, [...x.shape.keys()]), [])
}

/** Mean of all elements, a scalar. */
export function meanAll(x: Tensor): Tensor {
  return mul(sumAll(x), 1 / sizeOf(x.shape))
}

/** Rows that float32 numbers can tell apart. */
const MOST_ROWS = 2 ** 24

/**
 * Some rows of a table: result[i] = x[index[i]].
 * @param x [K, ...]
 * @param index [N], whole numbers from 0 to K - 1
 * @returns [N, ...]
 */
export function gather(x: Tensor, index: Tensor): Tensor {
  const [rows, ...row] = x.shape
  if (index.shape.length !== 1 || !(rows <= MOST_ROWS)) {
    throw new Error(`Gather: [${index.shape}] does not number the rows of [${x.shape}]`)
  }
  return makeTensor('Gather', [x, index], {}, [index.shape[0], ...row])
}

/**
 * The adjoint of `gather`: result[index[i]] += x[i], from zeros. onnxruntime's CPU provider loses some of the sums when it
 * has more than one thread; on GPUs they are atomic, in no order that repeats.
 * @param index [N], whole numbers from 0 to rows - 1
 * @param x [N, ...]
 * @returns [rows, ...]
 */
export function scatterAdd(index: Tensor, x: Tensor, rows: number): Tensor {
  if (String(index.shape) !== String(x.shape.slice(0, 1)) || !(rows <= MOST_ROWS)) {
    throw new Error(`ScatterAdd: [${index.shape}] does not give the rows of [${x.shape}] their places in ${rows}`)
  }
  return makeTensor('ScatterAdd', [index, x], {}, [rows, ...x.shape.slice(1)])
}
