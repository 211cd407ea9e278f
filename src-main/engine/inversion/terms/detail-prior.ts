/** The detail is small and smooth: smoothness * mean (d - neighbour)^2 + size * mean d^2. */
import { stridesOf } from '../../generator/plane-layout.ts'
import type { PlanesTerm } from './term.ts'

export const detailPrior = ({
  smoothness,
  size,
}: {
  readonly smoothness: number
  readonly size: number
}): PlanesTerm => ({
  add({ added: { data }, planes }, _, gradient) {
    const { column, row, slice } = stridesOf(planes)
    const a = size / data.length
    const b = smoothness / data.length
    let loss = 0
    for (let i = 0; i < data.length; i++) {
      const value = data[i]
      loss += a * value * value
      gradient[i] += 2 * a * value
      if (i % row < row - column) {
        const difference = value - data[i + column]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + column] -= 2 * b * difference
      }
      if (i % slice < slice - row) {
        const difference = value - data[i + row]
        loss += b * difference * difference
        gradient[i] += 2 * b * difference
        gradient[i + row] -= 2 * b * difference
      }
    }
    return loss
  },
})
