/** Leaves and elementwise operations. */
import type { Operation } from './operations.ts'
import { makeTensor, type Shape, sizeOf, type Tensor } from './tensor.ts'

/** A value fed at run time: photo, latent code, weight. Names are unique within a model. */
export function input(name: string, shape: Shape): Tensor<'Input'> {
  return makeTensor('Input', [], { name }, shape)
}

/** A value fixed in the model: filters, resampling matrices, indices. A bare number makes a scalar. */
export function constant(value: number | Float32Array | readonly number[], shape: Shape = []): Tensor<'Constant'> {
  const data = typeof value === 'number' ? Float32Array.of(value) : Float32Array.from(value)
  if (data.length !== sizeOf(shape)) {
    throw new Error(`Constant: ${data.length} values do not fill the shape [${shape}]`)
  }
  return makeTensor('Constant', [], { data }, shape)
}

/** The shape that NumPy's broadcasting gives two operands. */
export function broadcastShape(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1
    const y = b[axis - rank + b.length] ?? 1
    if (x !== y && x !== 1 && y !== 1) throw new Error(`${operation}: cannot broadcast [${a}] against [${b}]`)
    return Math.max(x, y)
  })
}

type Operand = Tensor | number

const lift = (operand: Operand): Tensor => (typeof operand === 'number' ? constant(operand) : operand)

function binary(operation: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Max') {
  return (a: Operand, b: Operand): Tensor => {
    const x = lift(a)
    const y = lift(b)
    return makeTensor(operation, [x, y], {}, broadcastShape(operation, x.shape, y.shape))
  }
}

function unary(operation: Operation & ('Neg' | 'Abs' | 'Exp' | 'Log' | 'Sqrt' | 'Floor' | 'Sigmoid' | 'Softplus')) {
  return (x: Tensor): Tensor => makeTensor(operation, [x], {}, x.shape)
}

export const add = binary('Add')
export const sub = binary('Sub')
export const mul = binary('Mul')
export const div = binary('Div')
/** The larger of both; where they are equal, the gradient goes to the second. */
export const max = binary('Max')

/** The smaller of both; where they are equal, the gradient goes to the second. */
export const min = (a: Operand, b: Operand): Tensor => neg(max(neg(lift(a)), neg(lift(b))))

export const neg = unary('Neg')
export const abs = unary('Abs')
export const exp = unary('Exp')
export const log = unary('Log')
export const sqrt = unary('Sqrt')
/** The greatest whole number that is not greater; no gradient. */
export const floor = unary('Floor')
export const sigmoid = unary('Sigmoid')
export const softplus = unary('Softplus')

export const square = (x: Tensor): Tensor => mul(x, x)
export const relu = (x: Tensor): Tensor => max(x, 0)

/** x for x > 0, otherwise alpha * x. */
export function leakyRelu(x: Tensor, alpha: number): Tensor {
  return makeTensor('LeakyRelu', [x], { alpha }, x.shape)
}

/** x limited to [min, max]; no gradient outside. */
export function clip(x: Tensor, min: number, max: number): Tensor {
  if (!(min < max)) throw new Error(`Clip: the range [${min}, ${max}] is empty`)
  return makeTensor('Clip', [x], { min, max }, x.shape)
}

/** a > b, as a condition for `where`. */
export function greater(a: Operand, b: Operand): Tensor {
  const x = lift(a)
  const y = lift(b)
  return makeTensor('Greater', [x, y], {}, broadcastShape('Greater', x.shape, y.shape), 'bool')
}

/** a where the condition holds, b elsewhere. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  if (condition.dtype !== 'bool') throw new Error(`Where: the condition is ${condition.dtype}, not bool`)
  const x = lift(a)
  const y = lift(b)
  const shape = broadcastShape('Where', condition.shape, broadcastShape('Where', x.shape, y.shape))
  return makeTensor('Where', [condition, x, y], {}, shape)
}
