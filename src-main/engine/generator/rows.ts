/** Some rows of a table for themselves, and back. */

/** result[i] = values[rows[i]], in rows of `width` numbers; filled up with zeros to `size` rows. */
export function gatherRows(values: Float32Array, rows: Uint32Array, width: number, size = rows.length): Float32Array {
  const result = new Float32Array(size * width)
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[i * width + k] = values[rows[i] * width + k]
  }
  return result
}

/** result[rows[i]] = values[i], in rows of `width` numbers. */
export function scatterRows(values: Float32Array, rows: Uint32Array, width: number, result: Float32Array): void {
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < width; k++) result[rows[i] * width + k] = values[i * width + k]
  }
}
