/** Density samples of a cube on a regular lattice, each asked for once, in bulk, and only when somebody wants it. */
import { askInBatches, type Field, type Watch } from './field.ts'

/** Cells along the side of a brick, and samples along the side of a block. */
export const BRICK = 4
/** Samples along the side of a brick, the far faces shared with its neighbours included. */
export const REACH = BRICK + 1
const BLOCK = BRICK ** 3

/**
 * Sample (i, j, k), 0..resolution-1, lies at `origin + (i, j, k) * spacing`. The outermost samples stand at -Infinity and
 * are never asked for: the world ends there, which is what closes a surface.
 *
 * Samples are stored in blocks of 4³, x fastest; block (x, y, z) has number (z * blocks + y) * blocks + x. A brick is
 * the 4³ cells whose lowest corners are one block's samples; it goes by that block's number.
 */
export class Lattice {
  readonly resolution: number
  readonly spacing: number
  readonly origin: readonly [number, number, number]
  /** Blocks along one side. */
  readonly blocks: number
  /** Where a block's samples are: 64 values from `slots[block] * 64` on, or -1 for a block nobody needed. */
  readonly slots: Int32Array
  slotCount = 0
  /** The first sample of every block, once `fetchCoarse` has asked for them. */
  readonly coarse: Float32Array
  /** Points the field was asked for. */
  evaluated = 0
  /** How many it will be in the end, as far as is known; progress is measured by it. */
  expected = 0
  /** Highest density met. */
  highest = Number.NEGATIVE_INFINITY

  readonly #field: Field
  readonly #watch: Watch
  #values = new Float32Array(BLOCK * 4096)
  #wanted: number[] = []
  #points: number[] = []
  #reported = 0

  constructor(field: Field, resolution: number, watch: Watch) {
    this.#field = field
    this.#watch = watch
    this.resolution = resolution
    this.spacing = field.side / (resolution - 1)
    const [x, y, z] = field.centre ?? [0, 0, 0]
    this.origin = [x - field.side / 2, y - field.side / 2, z - field.side / 2]
    this.blocks = Math.ceil((resolution - 1) / BRICK) + 1
    this.slots = new Int32Array(this.blocks ** 3).fill(-1)
    this.coarse = new Float32Array(this.blocks ** 3).fill(Number.NEGATIVE_INFINITY)
  }

  /** Samples waiting for the next `fetch`. */
  get waiting(): number {
    return this.#wanted.length
  }

  async fetchCoarse(): Promise<void> {
    const { blocks, coarse, origin, spacing } = this
    const inner = Array.from({ length: blocks }, (_, n) => n).filter((n) => !this.#isBorder(n * BRICK))
    const points = new Float32Array(inner.length ** 3 * 3)
    let at = 0
    for (const z of inner) {
      for (const y of inner) {
        for (const x of inner) {
          points[at++] = origin[0] + x * BRICK * spacing
          points[at++] = origin[1] + y * BRICK * spacing
          points[at++] = origin[2] + z * BRICK * spacing
        }
      }
    }
    const sigma = await this.#ask(points)
    at = 0
    for (const z of inner) {
      for (const y of inner) for (const x of inner) coarse[(z * blocks + y) * blocks + x] = sigma[at++]
    }
  }

  /** Puts a sample on the list of the next `fetch` unless it is known. */
  want(i: number, j: number, k: number): void {
    const sample = this.#sample(i, j, k)
    if (!Number.isNaN(this.#values[sample])) return
    this.#values[sample] = Number.NEGATIVE_INFINITY
    if (this.#isBorder(i) || this.#isBorder(j) || this.#isBorder(k)) return
    const { origin, spacing } = this
    this.#wanted.push(sample)
    this.#points.push(origin[0] + i * spacing, origin[1] + j * spacing, origin[2] + k * spacing)
  }

  /** Asks for all that is wanted. */
  async fetch(): Promise<void> {
    const sigma = await this.#ask(Float32Array.from(this.#points))
    for (let n = 0; n < sigma.length; n++) this.#values[this.#wanted[n]] = sigma[n]
    this.#wanted = []
    this.#points = []
  }

  /** A sample that was fetched. */
  get(i: number, j: number, k: number): number {
    return this.#values[this.#sample(i, j, k)]
  }

  /** Overrules what the field says. */
  set(i: number, j: number, k: number, value: number): void {
    this.#values[this.#sample(i, j, k)] = value
  }

  /** Wants all 5³ samples of a brick. */
  wantBrick(brick: number): void {
    const [i, j, k] = this.place(brick).map((n) => n * BRICK)
    for (let z = 0; z < REACH; z++) {
      for (let y = 0; y < REACH; y++) for (let x = 0; x < REACH; x++) this.want(i + x, j + y, k + z)
    }
  }

  /** Copies the 5³ samples of a brick into `out`, x fastest. */
  readBrick(brick: number, out: Float32Array): void {
    const { blocks, slots } = this
    const values = this.#values
    let at = 0
    for (let z = 0; z < REACH; z++) {
      for (let y = 0; y < REACH; y++) {
        const near = brick + ((z >> 2) * blocks + (y >> 2)) * blocks
        const row = ((z & 3) * BRICK + (y & 3)) * BRICK
        let from = slots[near] * BLOCK + row
        for (let x = 0; x < BRICK; x++) out[at++] = values[from++]
        out[at++] = values[slots[near + 1] * BLOCK + row]
      }
    }
  }

  /** A block's x, y and z. */
  place(block: number): [number, number, number] {
    const { blocks } = this
    return [block % blocks, Math.floor(block / blocks) % blocks, Math.floor(block / blocks ** 2)]
  }

  #isBorder(n: number): boolean {
    return n === 0 || n >= this.resolution - 1
  }

  /** Where sample (i, j, k) is stored; its block is made where there is none yet, with all but its first unknown. */
  #sample(i: number, j: number, k: number): number {
    const block = ((k >> 2) * this.blocks + (j >> 2)) * this.blocks + (i >> 2)
    let slot = this.slots[block]
    if (slot < 0) {
      slot = this.slotCount++
      this.slots[block] = slot
      if (this.slotCount * BLOCK > this.#values.length) {
        const grown = new Float32Array(this.#values.length * 2)
        grown.set(this.#values)
        this.#values = grown
      }
      this.#values.fill(Number.NaN, slot * BLOCK, (slot + 1) * BLOCK)
      this.#values[slot * BLOCK] = this.coarse[block]
    }
    return slot * BLOCK + ((k & 3) * BRICK + (j & 3)) * BRICK + (i & 3)
  }

  async #ask(points: Float32Array): Promise<Float32Array> {
    const { progress, signal } = this.#watch
    const before = this.evaluated
    const count = points.length / 3
    const report = (part: number) => {
      this.#reported = Math.max(this.#reported, Math.min(1, (before + part * count) / this.expected))
      progress?.(this.#reported)
    }
    const sigma = await askInBatches((p) => this.#field.sigma(p), points, 1, { signal, progress: report })
    this.evaluated += count
    for (const value of sigma) if (value > this.highest) this.highest = value
    return sigma
  }
}
