/** The Adam optimiser on float32 arrays, as PyTorch's (no weight decay). */

export interface AdamOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
}

export const ADAM: AdamOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }

export class Adam {
  /** First and second moments and steps taken: all there is to save. */
  readonly first: Float32Array
  readonly second: Float32Array
  steps = 0
  private readonly options: AdamOptions

  constructor(length: number, options: Partial<AdamOptions> = {}) {
    this.first = new Float32Array(length)
    this.second = new Float32Array(length)
    this.options = { ...ADAM, ...options }
  }

  /** values -= rate * m^ / (sqrt(v^) + epsilon), m^ and v^ being the moments corrected for their start at zero. */
  step(values: Float32Array, gradient: Float32Array, rate: number): void {
    const { beta1, beta2, epsilon } = this.options
    const { first, second } = this
    this.steps++
    const size = rate / (1 - beta1 ** this.steps)
    const root = Math.sqrt(1 - beta2 ** this.steps)
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]
      // Most texels of planes meet no ray, ever: there nothing moves.
      if (g === 0 && second[i] === 0) continue
      first[i] = beta1 * first[i] + (1 - beta1) * g
      second[i] = beta2 * second[i] + (1 - beta2) * g * g
      values[i] -= (size * first[i]) / (Math.sqrt(second[i]) / root + epsilon)
    }
  }
}
