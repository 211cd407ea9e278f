/** The detail is small and smooth: smoothness * mean (d - neighbour)^2 + size * mean d^2. */
import { stridesOf } from '../../generator/plane-layout.ts'
import { add, mul, reduceSum, sizeOf, slice, square, sub, sumAll, type Tensor } from '../../graph/index.ts'
import type { PlanesTerm } from './term.ts'

export const detailPrior = ({
  smoothness,
  size,
}: {
  readonly smoothness: number
  readonly size: number
}): PlanesTerm => ({
  add({ added: { data }, planes }, _, added) {
    const gradient = added()
    const { column, row, slice } = stridesOf(planes)
    const a = size / data.length
    const b = smoothness / data.length
    let [squares, differences] = [0, 0]
    // A row at a time, whose neighbours are there or are not: it is a million numbers a step.
    for (let start = 0; start < data.length; start += row) {
      const above = start % slice > 0 ? row : 0
      const below = start % slice < slice - row ? row : 0
      for (let at = start; at < start + row; at++) {
        const value = data[at]
        const right = at < start + row - column ? value - data[at + column] : 0
        const down = value - data[at + below]
        const left = at >= start + column ? value - data[at - column] : 0
        squares += value * value
        differences += right * right + down * down
        gradient[at] += 2 * a * value + 2 * b * (left + right + down + value - data[at - above])
      }
    }
    return a * squares + b * differences
  },
  describe(added) {
    // By rows first: all at once would be one sum that nothing shares.
    const squares = (x: Tensor) => sumAll(reduceSum(square(x), [2, 3]))
    const [down, right] = [1, 2].map((axis) => {
      const last = added.shape[axis] - 1
      return squares(sub(slice(added, axis, 0, last), slice(added, axis, 1, last + 1)))
    })
    const count = sizeOf(added.shape)
    return add(mul(squares(added), size / count), mul(add(down, right), smoothness / count))
  },
})
