/** Heads differ by so much and no more: the mean square of the residual, in variances of random heads' planes. */
import { meanAll, mul, square } from '../../graph/index.ts'
import type { PlanesTerm } from './term.ts'

export const shapePrior = (size: number): PlanesTerm => ({
  add({ added: { data } }, _, added) {
    const gradient = added()
    let loss = 0
    for (let i = 0; i < data.length; i++) {
      loss += (size / data.length) * data[i] * data[i]
      gradient[i] += (2 * size * data[i]) / data.length
    }
    return loss
  },
  describe: (added) => mul(meanAll(square(added)), size),
})
