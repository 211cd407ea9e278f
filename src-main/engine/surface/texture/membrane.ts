/**
 * A function on a mesh that is known at some vertices and as flat as can be everywhere else: the membrane of gradient
 * domain blending (Perez, Gangnet and Blake 2003), on the surface itself, where charts have no borders.
 */
import type { Mesh } from '../mesh.ts'

/** What a wholly trusted value weighs against a neighbour's. */
const TRUST = 400
/** Relative residual at which the system counts as solved, and the most steps to get there. */
const SOLVED = 1e-4
const MOST_STEPS = 500

/**
 * Minimises the sum over edges of (x_i - x_j)^2 and over vertices of TRUST w_i (x_i - b_i)^2 + p_i (x_i - e_i)^2,
 * channel by channel, by conjugate gradients.
 * @param values [n, 3] b
 * @param trust [n] w, 0..1
 * @param likely [n, 3] e
 * @param pull [n] p, what it weighs against a neighbour's value: it is reached some 2 / sqrt(p) edges away
 * @returns [n, 3] x
 */
export function membrane(
  { triangles }: Mesh,
  values: Float32Array,
  trust: Float32Array,
  likely: Float32Array,
  pull: Float32Array,
): Float32Array {
  const count = trust.length
  const degrees = new Float32Array(count)
  for (const vertex of triangles) degrees[vertex]++
  const x = new Float32Array(values.length)
  const diagonal = degrees.map((degree, i) => degree + TRUST * trust[i] + pull[i])
  const apply = (p: Float64Array, out: Float64Array) => {
    for (let i = 0; i < count; i++) out[i] = diagonal[i] * p[i]
    // In a closed mesh every edge leaves each of its ends once.
    for (let t = 0; t < triangles.length; t += 3) {
      const [a, b, c] = [triangles[t], triangles[t + 1], triangles[t + 2]]
      out[a] -= p[b]
      out[b] -= p[c]
      out[c] -= p[a]
    }
  }
  const dot = (a: Float64Array, b: Float64Array) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += a[i] * b[i]
    return sum
  }
  const [y, r, z, p, q] = Array.from({ length: 5 }, () => new Float64Array(count))
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < count; i++) y[i] = (trust[i] > 0 ? values : likely)[3 * i + channel]
    apply(y, r)
    for (let i = 0; i < count; i++) {
      r[i] = TRUST * trust[i] * values[3 * i + channel] + pull[i] * likely[3 * i + channel] - r[i]
      z[i] = r[i] / diagonal[i]
      p[i] = z[i]
    }
    let rho = dot(r, z)
    const goal = SOLVED ** 2 * rho
    for (let step = 0; step < MOST_STEPS && rho > goal; step++) {
      apply(p, q)
      const alpha = rho / dot(p, q)
      for (let i = 0; i < count; i++) {
        y[i] += alpha * p[i]
        r[i] -= alpha * q[i]
        z[i] = r[i] / diagonal[i]
      }
      const next = dot(r, z)
      const beta = next / rho
      rho = next
      for (let i = 0; i < count; i++) p[i] = z[i] + beta * p[i]
    }
    for (let i = 0; i < count; i++) x[3 * i + channel] = y[i]
  }
  return x
}
