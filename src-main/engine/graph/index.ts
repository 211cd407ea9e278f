/** The graph library: describe a network, differentiate it, write it as ONNX. */
export * from './elementwise.ts'
export { gradients, operations, pullBack } from './gradient.ts'
export { conv, convTranspose, matMul } from './linear.ts'
export { type Model, type ModelInput, type ModelOutput, writeModel } from './onnx.ts'
export * from './shape.ts'
export type { DType, Shape, Tensor } from './tensor.ts'
export { sizeOf } from './tensor.ts'
