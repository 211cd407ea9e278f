/** Where the gradients of several views with respect to the planes are added up: in main memory or in a GPU's. */
import { Resident } from '../runtime/resident.ts'

export class PlanesSum {
  /** Like the planes. Without meaning while the sum is empty. */
  readonly values: Resident
  private empty = true

  constructor(length: number) {
    this.values = new Resident(new Float32Array(length))
  }

  get isEmpty(): boolean {
    return this.empty
  }

  clear(): void {
    this.empty = true
  }

  /** += weight * gradient, where the sum is in main memory. */
  add(gradient: Float32Array, weight: number): void {
    const { data } = this.values
    if (this.empty) data.fill(0)
    for (let i = 0; i < data.length; i++) data[i] += weight * gradient[i]
    this.values.set(data)
    this.empty = false
  }

  /** Says that a run has written to the values. */
  filled(): void {
    this.empty = false
  }
}
