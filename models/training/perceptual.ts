/** How different a face's patches look to FaceRes: its early layers' activations, from edges to parts of a face. */

import type { Weights } from '../../src-main/engine/generator/generator.ts'
import {
  add,
  div,
  input,
  meanAll,
  mul,
  pad,
  type Shape,
  square,
  sub,
  type Tensor,
} from '../../src-main/engine/graph/index.ts'
import { perceptualTaps } from '../../src-main/engine/networks/faceres.ts'

/** Side of a patch, in rays of a 128² portrait: eyes to mouth. */
export const FACE_SIDE = 64
/** FaceRes is shown the middle of a portrait; a patch with so much white around it is that middle, magnified. */
const BORDER = 12

function activations(network: Weights, patches: Tensor): Tensor[] {
  const around = [0, 0, BORDER, BORDER]
  return perceptualTaps(network, add(pad(sub(patches, 1), around, around), 1))
}

/**
 * Squared difference of the activations, relative to those wanted, the mean over layers. Inputs beside FaceRes's
 * weights: 'target.tap<i>', from `perceptualTargets`.
 * @param patches [heads, 3, FACE_SIDE, FACE_SIDE] in -1..1
 */
export function perceptualDistance(network: Weights, patches: Tensor): Tensor {
  const taps = activations(network, patches)
  const terms = taps.map((tap, i) => {
    const wanted = input(`target.tap${i}`, tap.shape)
    return div(meanAll(square(sub(tap, wanted))), meanAll(square(wanted)))
  })
  return mul(terms.reduce(add), 1 / terms.length)
}

/** The activations that are wanted, of the input 'faces' of this shape. */
export function perceptualTargets(network: Weights, shape: Shape): Record<string, Tensor> {
  const taps = activations(network, input('faces', shape))
  return Object.fromEntries(taps.map((tap, i) => [`target.tap${i}`, tap]))
}
