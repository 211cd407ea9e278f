/** Activations of FaceRes's early layers, relative to the photo's: edges, parts and texture where they belong. */
import { add, div, input, meanAll, mul, square, sub, type Tensor } from '../../graph/index.ts'
import { PERCEPTUAL_TAPS, perceptualTaps } from '../../networks/faceres.ts'
import type { PictureTerm } from './term.ts'

export const perceptual: PictureTerm = {
  weight: (aim) => (aim === 'outline' ? 0 : 0.4 / PERCEPTUAL_TAPS),
  describe({ image, target, mask, shown, whole, faceRes }) {
    const taps = perceptualTaps(faceRes, blend(image, target, whole ? shown : mask))
    const aims = taps.map((tap, i) => input(tapName(i), tap.shape))
    const distance = (tap: Tensor, i: number) => div(meanAll(square(sub(tap, aims[i]))), meanAll(square(aims[i])))
    return taps.slice(1).reduce((sum, tap, i) => add(sum, distance(tap, i + 1)), distance(taps[0], 0))
  },
  ofTarget: (target, faceRes) => Object.fromEntries(perceptualTaps(faceRes, target).map((tap, i) => [tapName(i), tap])),
}

const tapName = (i: number) => `tap${i}`

/** What the network is shown: what does not count is the target itself. */
function blend(image: Tensor, target: Tensor, mask: Tensor): Tensor {
  return add(mul(image, mask), mul(target, sub(1, mask)))
}
