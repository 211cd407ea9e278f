/** The head's opacity against the photo's matte. What lies beyond the photo's edge may be anything. */
import { div, mul, square, sub, sumAll } from '../../graph/index.ts'
import type { PictureTerm } from './term.ts'

/** Where colour alone may move nothing is asked of it, nor of a generator that paints a background of its own. */
export const coverage: PictureTerm = {
  weight: (aim, white) => (white && aim !== 'colour' ? 1 : 0),
  describe: ({ opacity, matte, known }) => div(sumAll(mul(square(sub(opacity, matte)), known)), sumAll(known)),
}
