/** A list of triples of numbers in a typed array that doubles when it is full. */
export class Triples<A extends Float32Array | Uint32Array> {
  readonly #make: (length: number) => A
  #values: A
  #length = 0

  /** @param make how to get a zeroed array of a length */
  constructor(make: (length: number) => A) {
    this.#make = make
    this.#values = make(3 << 14)
  }

  /** Triples so far. */
  get count(): number {
    return this.#length / 3
  }

  push(a: number, b: number, c: number): void {
    if (this.#length === this.#values.length) {
      const grown = this.#make(this.#length * 2)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#length++] = a
    this.#values[this.#length++] = b
    this.#values[this.#length++] = c
  }

  /** The numbers, in an array of just their length. */
  toArray(): A {
    return this.#values.slice(0, this.#length) as A
  }
}
