/**
 * The Fréchet distance of two sets of feature vectors, each taken for a normal distribution:
 * |m_a - m_b|^2 + tr(C_a + C_b - 2 (C_a C_b)^(1/2)).
 *
 * With the centred vectors as columns of A and B the non-zero eigenvalues of C_a C_b are the squared singular values of
 * A^T B over (n_a - 1)(n_b - 1), so the trace of the root is a sum of singular values of a small matrix, and covariances
 * of more features than vectors need no special care. The estimate grows as the vectors get fewer: compare only
 * distances between sets of the same sizes.
 */
import { dot } from '../../src-main/engine/vectors.ts'

/** @param a, b feature vectors, at least two each */
export function frechetDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const [left, right] = [centre(a), centre(b)]
  const means = left.mean.reduce((sum, value, i) => sum + (value - right.mean[i]) ** 2, 0)
  const products = left.rows.map((x) => Float64Array.from(right.rows, (y) => dot(x, y)))
  const root = sumOfSingularValues(products) / Math.sqrt((a.length - 1) * (b.length - 1))
  return means + left.variance + right.variance - 2 * root
}

function centre(vectors: readonly Float32Array[]) {
  const mean = new Float64Array(vectors[0].length)
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i] += vector[i] / vectors.length
  const rows = vectors.map((vector) => Float64Array.from(vector, (value, i) => value - mean[i]))
  const variance = rows.reduce((sum, row) => sum + dot(row, row), 0) / (vectors.length - 1)
  return { mean, rows, variance }
}

/**
 * By Hestenes' one-sided Jacobi method: pairs of rows are turned until all are orthogonal; their lengths are the
 * singular values.
 * @param rows of the matrix, overwritten
 */
export function sumOfSingularValues(rows: readonly Float64Array[]): number {
  const scale = rows.reduce((sum, row) => sum + dot(row, row), 0)
  // Rows shorter than this are nothing but rounding.
  const least = 1e-24 * scale
  for (let turned = true; turned; ) {
    turned = false
    for (let i = 0; i < rows.length; i++) {
      for (let j = i + 1; j < rows.length; j++) {
        const [p, q] = [rows[i], rows[j]]
        const [pp, qq, pq] = [dot(p, p), dot(q, q), dot(p, q)]
        if (Math.min(pp, qq) < least || Math.abs(pq) < 1e-9 * Math.sqrt(pp * qq)) continue
        turned = true
        const zeta = (qq - pp) / (2 * pq)
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta))
        const cosine = 1 / Math.hypot(1, tangent)
        const sine = cosine * tangent
        for (let k = 0; k < p.length; k++) {
          const value = p[k]
          p[k] = cosine * value - sine * q[k]
          q[k] = sine * value + cosine * q[k]
        }
      }
    }
  }
  return rows.reduce((sum, row) => sum + Math.sqrt(dot(row, row)), 0)
}
