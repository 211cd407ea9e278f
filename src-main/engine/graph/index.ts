/** The graph library: describe a network, differentiate it, write it as ONNX. */
export * from './elementwise.ts'
export { detach, gradients, operations, pullBack, withGradient } from './gradient.ts'
export * from './linear.ts'
export { type Model, type ModelOutput, writeModel } from './onnx.ts'
export * from './shape.ts'
export type { Shape, Tensor } from './tensor.ts'
export { ancestors, sizeOf } from './tensor.ts'
