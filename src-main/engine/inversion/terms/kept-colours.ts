/** What the photo does not see shares texels with what it does: novel views are held to the pivot's colours. */
import type { Generator } from '../../generator/generator.ts'
import type { Planes } from '../../generator/plane-layout.ts'
import type { PlanesTerm, Probe } from './term.ts'

/** @param weight of the mean squared difference of colours */
export const keptColours = (weight: number): PlanesTerm => {
  const seen = new WeakMap<Probe, ReturnType<typeof lookAtPivot>>()
  return {
    async add({ generator, pivot, planes, probe }, sum) {
      const { renderer, weights } = generator
      const known = seen.get(probe) ?? lookAtPivot(generator, pivot, probe)
      seen.set(probe, known)
      const { sight, features: before } = await known
      const now = await renderer.render(weights, planes, probe.label, { sight, wanted: 'colours' })
      const factor = weight / before.length
      let loss = 0
      const features = before.map((value, i) => {
        const difference = now.features[i] - value
        loss += factor * difference * difference
        return 2 * factor * difference
      })
      await renderer.backwardInto(sum, 1, weights, now.tape, { features })
      return loss
    },
  }
}

/** Shape stays the pivot's, and a probe shows the same of it in every step that it is used in. */
async function lookAtPivot({ renderer, weights }: Generator, pivot: Planes, { label, rendering }: Probe) {
  const sight = await renderer.see(weights, pivot, label, rendering)
  const { features } = await renderer.render(weights, pivot, label, { sight, wanted: 'colours' })
  return { sight, features }
}
