/** The detail is small and smooth: smoothness * mean (d - neighbour)^2 + size * mean d^2. */
import type { PlanesTerm } from './term.ts'

export const detailPrior = ({
  smoothness,
  size,
}: {
  readonly smoothness: number
  readonly size: number
}): PlanesTerm => ({
  add({ added: { data, resolution }, planes: { channels } }, _, gradient) {
    const row = resolution * channels
    const a = size / data.length
    const b = smoothness / data.length
    let loss = 0
    for (let i = 0; i < data.length; i++) {
      const value = data[i]
      loss += a * value * value
      gradient[i] += 2 * a * value
      if (i % row < row - channels) {
        const difference = value - data[i + channels]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + channels] -= 2 * b * difference
      }
      if (i % (row * resolution) < row * (resolution - 1)) {
        const difference = value - data[i + row]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + row] -= 2 * b * difference
      }
    }
    return loss
  },
})
