/** Seeded random numbers that depend on a seed and a step alone, so that a resumed job draws what it would have drawn. */

/** A generator of uniform numbers in [0, 1) (splitmix32: small, and good enough for jitter and codes). */
export function uniform(seed: number, stream = 0): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
  }
}

export function uniformArray(length: number, seed: number, stream = 0): Float32Array {
  const next = uniform(seed, stream)
  // 1 - 2^-24 at most: rounding to float32 must not give 1.
  const most = 1 - 2 ** -24
  const result = new Float32Array(length)
  for (let i = 0; i < length; i++) result[i] = Math.min(next(), most)
  return result
}

/** N(0, 1), by Box and Muller. */
export function normalArray(length: number, seed: number, stream = 0): Float32Array {
  const next = uniform(seed, stream)
  const result = new Float32Array(length)
  for (let i = 0; i < length; i++) result[i] = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  return result
}
