/** The picture's colours: their distance as a mean over what counts. */
import { add, mul } from '../../graph/index.ts'
import { charbonnier } from './charbonnier.ts'
import type { PictureTerm } from './term.ts'

/**
 * Where the outline moves shape, colour only says which of the shapes of that outline: at its full weight, and with the
 * perceptual distance, it bends the face to mend what is none of shape.
 *
 * Where a super-resolution makes the picture, the rendering before it is compared as well: it is what a mesh and the
 * turning volume show, and the super-resolution alone could make up for anything in it.
 */
export const pixels: PictureTerm = {
  weight: (aim) => (aim === 'outline' ? 0.3 : 1),
  describe({ image, target, mask, small }) {
    const distance = charbonnier(image, target, mask)
    return small ? mul(add(distance, charbonnier(small.image, small.target, small.mask)), 0.5) : distance
  },
}
