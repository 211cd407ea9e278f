/** What the photo does not see shares texels with what it does: novel views are held to the pivot's colours. */
import { accumulate } from '../../generator/planes.ts'
import type { PlanesTerm } from './term.ts'

/** @param weight of the mean squared difference of colours */
export const keptColours = (weight: number): PlanesTerm => ({
  async add({ generator, pivot, planes, probe: { label, rendering } }, gradient) {
    const { renderer, weights } = generator
    const sight = await renderer.see(weights, planes, label, rendering)
    const before = await renderer.render(weights, pivot, label, { sight })
    const now = await renderer.render(weights, planes, label, { sight })
    const { length } = sight.depth
    const channels = now.features.length / length
    const factor = weight / (3 * length)
    let loss = 0
    const features = now.features.map((value, at) => {
      if (at % channels >= 3) return 0
      const difference = value - before.features[at]
      loss += factor * difference * difference
      return 2 * factor * difference
    })
    const found = await renderer.backward(weights, now.tape, { features })
    accumulate(gradient, found.planes)
    return loss
  },
})
