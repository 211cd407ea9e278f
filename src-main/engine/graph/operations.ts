/**
 * The closed list of operations with their attributes. Each has a constructor in its family's file, a rule in
 * `gradient.ts` and a lowering in `onnx.ts`; the two tables are exhaustive by type, so an operation without a rule
 * does not compile. Names and semantics are ONNX's at opset 16 unless the line says otherwise.
 */

/** @template T a tensor */
export interface Attributes<T> {
  // leaves
  Input: { name: string }
  Constant: { data: Float32Array | BigInt64Array }
  // elementwise, two operands, NumPy broadcasting
  Add: None
  Sub: None
  Mul: None
  Div: None
  Max: None
  // elementwise, one operand
  Neg: None
  Abs: None
  Exp: None
  Log: None
  Sqrt: None
  Floor: None
  Sigmoid: None
  /** log(1 + exp(x)); written in a form that neither overflows nor uses ONNX's slow Softplus. */
  Softplus: None
  LeakyRelu: { alpha: number }
  Clip: { min: number; max: number }
  // choice
  Greater: None
  Where: None
  // linear algebra
  MatMul: None
  Conv: Convolution
  ConvTranspose: Convolution & { outputPadding: Pair }
  // reductions, always keeping the reduced axes
  ReduceSum: { axes: readonly number[] }
  ReduceMax: { axes: readonly number[] }
  // shape
  Reshape: None
  Transpose: { permutation: readonly number[] }
  Concat: { axis: number }
  /** Along every axis: the half-open range [start, end) with a positive step. */
  Slice: { starts: readonly number[]; ends: readonly number[]; steps: readonly number[] }
  /** Zeros before and after each axis. */
  Pad: { before: readonly number[]; after: readonly number[] }
  Expand: None
  /** Rows of the first operand, by the numbers in the second. */
  Gather: None
  /** The second operand's rows, each added to the row whose number the first holds. */
  ScatterAdd: None
  // differentiation
  /** Its first operand, unchanged; what flows back to the others is up to the rule. */
  WithGradient: { rule: GradientRule<T> }
}

/** The adjoint of each operand from that of the result; only the wanted ones are called. */
export type GradientRule<T> = (g: T, result: T) => readonly (() => T)[]

export type Operation = keyof Attributes<never>
type None = Record<string, never>
export type Pair = readonly [number, number]

export interface Convolution {
  strides: Pair
  /** top, left, bottom, right */
  pads: readonly [number, number, number, number]
  group: number
}
