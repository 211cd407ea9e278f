/**
 * Symbolic tensors: what the network's description is made of. A tensor is one node of an acyclic graph, with one
 * output; nothing is computed here. `operations.ts` makes them, `gradient.ts` differentiates them, `onnx.ts` writes them.
 */
import type { Attributes, Operation } from './operations.ts'

export type DType = 'float32' | 'int64' | 'bool'
export type Shape = readonly number[]

export interface Tensor<K extends Operation = Operation> {
  /** Rises in the order of creation, so inputs always have smaller ids: a sort by id is a topological order. */
  readonly id: number
  readonly operation: K
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes<Tensor>[K]
  readonly shape: Shape
  readonly dtype: DType
}

let created = 0

export function makeTensor<K extends Operation>(
  operation: K,
  inputs: readonly Tensor[],
  attributes: Attributes<Tensor>[K],
  shape: Shape,
  dtype: DType = 'float32',
): Tensor<K> {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 1) throw new Error(`${operation}: not a static shape: [${shape}]`)
  }
  return { id: created++, operation, inputs, attributes, shape, dtype }
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Everything that `outputs` depend on, inputs before their users; nothing beyond the tensors in `given`. */
export function ancestors(outputs: readonly Tensor[], given: { has(tensor: Tensor): boolean } = new Set()): Tensor[] {
  const seen = new Set<Tensor>(outputs)
  // A Set visits what is added while it is walked, so this is the whole closure.
  for (const tensor of seen) if (!given.has(tensor)) for (const input of tensor.inputs) seen.add(input)
  return [...seen].sort((a, b) => a.id - b.id)
}
