/** Some rows of a table for themselves, and back. */

/** result[i] = values[rows[i]], in rows of `width` numbers; filled up with zeros to `size` rows. */
export function gatherRows(values: Float32Array, rows: Uint32Array, width: number, size = rows.length): Float32Array {
  const result = new Float32Array(size * width)
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[i * width + k] = values[rows[i] * width + k]
  }
  return result
}

/** Rows of `from` numbers as rows of `to`: their first ones, or filled up with zeros. */
export function refitRows(values: Float32Array, from: number, to: number): Float32Array {
  if (from === to) return values
  const count = values.length / from
  const result = new Float32Array(count * to)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < Math.min(from, to); k++) result[i * to + k] = values[i * from + k]
  }
  return result
}

/** result[rows[i]] = values[i], in rows of `width` numbers. */
export function scatterRows(values: Float32Array, rows: Uint32Array, width: number, result: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[rows[i] * width + k] = values[i * width + k]
  }
}
