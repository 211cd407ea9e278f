/** What the photo does not see shares texels with what it does: novel views are held to the pivot's colours. */
import type { Generator } from '../../generator/generator.ts'
import type { Planes } from '../../generator/plane-layout.ts'
import { accumulate } from '../../generator/planes.ts'
import type { PlanesTerm, Probe } from './term.ts'

/** @param weight of the mean squared difference of colours */
export const keptColours = (weight: number): PlanesTerm => {
  const seen = new WeakMap<Probe, ReturnType<typeof lookAtPivot>>()
  return {
    async add({ generator, pivot, planes, probe }, gradient) {
      const { renderer, weights } = generator
      const known = seen.get(probe) ?? lookAtPivot(generator, pivot, probe)
      seen.set(probe, known)
      const { sight, features: before } = await known
      const now = await renderer.render(weights, planes, probe.label, { sight })
      const { length } = sight.depth
      const channels = now.features.length / length
      const factor = weight / (3 * length)
      let loss = 0
      const features = new Float32Array(now.features.length)
      for (let ray = 0; ray < length; ray++) {
        for (let at = ray * channels; at < ray * channels + 3; at++) {
          const difference = now.features[at] - before[at]
          loss += factor * difference * difference
          features[at] = 2 * factor * difference
        }
      }
      const found = await renderer.backward(weights, now.tape, { features })
      accumulate(gradient, found.planes)
      return loss
    },
  }
}

/** Shape stays the pivot's, and a probe shows the same of it in every step that it is used in. */
async function lookAtPivot({ renderer, weights }: Generator, pivot: Planes, { label, rendering }: Probe) {
  const sight = await renderer.see(weights, pivot, label, rendering)
  const { features } = await renderer.render(weights, pivot, label, { sight })
  return { sight, features }
}
