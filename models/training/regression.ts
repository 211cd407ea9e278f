/** Ridge regression with more features than examples, by way of the examples' products with each other. */
import { input, matMul, transpose, writeModel } from '../../src-main/engine/graph/index.ts'
import type { Runtime } from '../../src-main/engine/runtime/runtime.ts'

/** Row-major numbers with a width. */
export interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly data: Float32Array
}

export function matrixOf(rows: readonly Float32Array[]): Matrix {
  const data = new Float32Array(rows.length * rows[0].length)
  rows.forEach((row, i) => {
    data.set(row, i * row.length)
  })
  return { rows: rows.length, columns: rows[0].length, data }
}

export function means({ rows, columns, data }: Matrix): Float32Array {
  const sums = new Float64Array(columns)
  for (let i = 0; i < data.length; i++) sums[i % columns] += data[i]
  return Float32Array.from(sums, (sum) => sum / rows)
}

export function centredRows({ rows, columns, data }: Matrix, mean: Float32Array): Matrix {
  return { rows, columns, data: data.map((value, i) => value - mean[i % columns]) }
}

export async function product(runtime: Runtime, a: Matrix, b: Matrix, form: 'ab' | 'abT' | 'aTb'): Promise<Matrix> {
  const [x, y] = [input('a', [a.rows, a.columns]), input('b', [b.rows, b.columns])]
  const turned = (tensor: typeof x) => transpose(tensor, [1, 0])
  const c = form === 'ab' ? matMul(x, y) : form === 'abT' ? matMul(x, turned(y)) : matMul(turned(x), y)
  const program = await runtime.compile(writeModel({ c }))
  return { rows: c.shape[0], columns: c.shape[1], data: (await program.run({ a: a.data, b: b.data })).c }
}

/**
 * The matrix B [features, targets] that minimises |X B - Y|^2 + strength * (mean squared length of a row of X) * |B|^2:
 * B = X^T (X X^T + strength I)^-1 Y.
 * @param x centred examples, @param y centredRows targets
 */
export async function ridge(runtime: Runtime, x: Matrix, y: Matrix, strength: number): Promise<Matrix> {
  const gram = Float64Array.from((await product(runtime, x, x, 'abT')).data)
  const n = x.rows
  let trace = 0
  for (let i = 0; i < n; i++) trace += gram[i * n + i]
  for (let i = 0; i < n; i++) gram[i * n + i] += (strength * trace) / n
  return product(runtime, x, { ...y, data: solve(gram, n, y) }, 'aTb')
}

/** Solves A S = Y for a positive definite A (row-major [n, n], overwritten) by Cholesky's factorisation. */
export function solve(a: Float64Array, n: number, { columns, data }: Matrix): Float32Array {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j]
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k]
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j]
    }
  }
  const s = Float64Array.from(data)
  const subtract = (from: number, row: number, factor: number) => {
    for (let c = 0; c < columns; c++) s[from * columns + c] -= factor * s[row * columns + c]
  }
  const divide = (row: number) => {
    for (let c = 0; c < columns; c++) s[row * columns + c] /= a[row * n + row]
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, a[i * n + k])
    divide(i)
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) subtract(i, k, a[k * n + i])
    divide(i)
  }
  return Float32Array.from(s)
}
