/** Blurring of square pictures of one number a pixel. */

/** @param image [size * size], repeated beyond its border @param sigma pixels */
export function gaussian(image: ArrayLike<number>, size: number, sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma)
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  )
  const total = weights.reduce((a, b) => a + b)
  const pass = (from: ArrayLike<number>, along: number, across: number) => {
    const to = new Float64Array(from.length)
    for (let line = 0; line < size; line++) {
      for (let at = 0; at < size; at++) {
        let sum = 0
        for (let tap = -radius; tap <= radius; tap++) {
          const clamped = Math.min(size - 1, Math.max(0, at + tap))
          sum += weights[tap + radius] * from[line * across + clamped * along]
        }
        to[line * across + at * along] = sum / total
      }
    }
    return to
  }
  return pass(pass(image, 1, size), size, 1)
}
