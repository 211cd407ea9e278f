/** The weights of a generator as a graph sees them: inputs by EG3D's state names, made when a layer first asks. */
import { input, type Shape, type Tensor } from '../graph/index.ts'

export class Parameters {
  private readonly shapes: ReadonlyMap<string, { readonly shape: Shape }>
  private readonly tensors = new Map<string, Tensor>()

  constructor(shapes: ReadonlyMap<string, { readonly shape: Shape }>) {
    this.shapes = shapes
  }

  /** @throws when the generator has no weight of this name */
  get(name: string): Tensor {
    let tensor = this.tensors.get(name)
    if (!tensor) {
      const weight = this.shapes.get(name)
      if (!weight) throw new Error(`The generator has no weight '${name}'`)
      tensor = input(name, weight.shape)
      this.tensors.set(name, tensor)
    }
    return tensor
  }

  /** What the graph has asked for so far. */
  get used(): ReadonlyMap<string, Tensor> {
    return this.tensors
  }
}
