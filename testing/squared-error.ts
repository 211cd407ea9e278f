/** The loss of the plain projector (docs/eg3d.md, Inversion): the mean squared difference of the final picture. */
import type { View } from '../src-main/engine/generator/generator.ts'
import type { Judgement, Objective } from '../src-main/engine/inversion/terms/term.ts'

export class SquaredError implements Objective {
  private readonly target: Float32Array

  constructor(target: Float32Array) {
    this.target = target
  }

  judge({ image }: View): Promise<Judgement> {
    const { target } = this
    let loss = 0
    const gradient = image.map((value, i) => {
      const difference = value - target[i]
      loss += difference * difference
      return (2 * difference) / image.length
    })
    loss /= image.length
    return Promise.resolve({ loss, terms: { pixels: loss }, gradient: { image: gradient } })
  }
}
