/** Where the gradients of several views with respect to the planes are added up: in main memory or in a GPU's. */
import { Resident } from '../runtime/resident.ts'

export class PlanesSum {
  private readonly resident: Resident
  private empty = true
  private bringHome: ((into: Float32Array) => void) | undefined

  constructor(length: number) {
    this.resident = new Resident(new Float32Array(length))
  }

  /** Like the planes. Without meaning while the sum is empty. */
  get values(): Resident {
    this.fetch()
    return this.resident
  }

  /** Has what lies elsewhere brought here. */
  fetch(): void {
    const { resident, bringHome } = this
    if (!bringHome) return
    this.bringHome = undefined
    bringHome(resident.data)
    resident.set(resident.data)
  }

  get isEmpty(): boolean {
    return this.empty
  }

  clear(): void {
    this.empty = true
    this.bringHome = undefined
  }

  /** += gradient, where the sum is in main memory. */
  add(gradient: Float32Array): void {
    const { data } = this.values
    if (this.empty) data.fill(0)
    for (let i = 0; i < data.length; i++) data[i] += gradient[i]
    this.values.set(data)
    this.empty = false
  }

  /** Says that a run has written to the values. */
  filled(): void {
    this.empty = false
  }

  /** Says that what there is of the sum lies elsewhere, until somebody asks for the values. */
  leave(bringHome: (into: Float32Array) => void): void {
    this.empty = false
    this.bringHome = bringHome
  }
}
