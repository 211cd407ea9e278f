/** Principal components of many examples, by subspace iteration on their products with each other. */
import { input, matMul, transpose, writeModel } from '../../src-main/engine/graph/index.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import type { Matrix } from './regression.ts'

/** Rounds: the later components need not be exact. */
const ROUNDS = 12

/**
 * @param examples centred, one a row
 * @param count of components wanted, at most as many as there are examples
 * @returns [columns, count], row-major: an example times it has components of mean square 1, the strongest first
 */
export async function principalComponents(runtime: Runtime, examples: Matrix, count: number): Promise<Float32Array> {
  const { rows, columns, data } = examples
  const x = input('x', [rows, columns])
  const u = input('u', [rows, count])
  const across = matMul(transpose(x, [1, 0]), u)
  const program = await runtime.compile(writeModel({ projected: across, next: matMul(x, across) }))
  let vectors = normalArray(rows * count, 0)
  orthonormalize(vectors, rows, count)
  for (let round = 0; round < ROUNDS; round++) {
    vectors = (await program.run({ x: data, u: vectors }, ['next'])).next.slice()
    orthonormalize(vectors, rows, count)
  }
  // x^T u = v s, so the whitened direction v / s * sqrt(N) is x^T u / s^2 * sqrt(N).
  const { projected } = await program.run({ x: data, u: vectors }, ['projected'])
  const powers = new Float64Array(count)
  projected.forEach((value, i) => {
    powers[i % count] += value * value
  })
  return projected.map((value, i) => (value * Math.sqrt(rows)) / powers[i % count])
}

/** Gram and Schmidt on the columns of a row-major [rows, columns]. */
function orthonormalize(matrix: Float32Array, rows: number, columns: number): void {
  for (let k = 0; k < columns; k++) {
    for (let j = 0; j <= k; j++) {
      let product = 0
      for (let i = 0; i < rows; i++) product += matrix[i * columns + j] * matrix[i * columns + k]
      if (j === k) {
        const size = 1 / Math.sqrt(product + 1e-30)
        for (let i = 0; i < rows; i++) matrix[i * columns + k] *= size
      } else {
        for (let i = 0; i < rows; i++) matrix[i * columns + k] -= product * matrix[i * columns + j]
      }
    }
  }
}
