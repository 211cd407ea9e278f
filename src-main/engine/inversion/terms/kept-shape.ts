/** An outline says how wide a head is and nothing of how deep: novel views are held to the pivot's opacity and depth. */
import type { Rendering } from '../../generator/renderer.ts'
import type { PlanesTerm, Probe } from './term.ts'

/** @param weights of the mean squared difference of opacity, and of depth in world units */
export const keptShape = (weights: { readonly opacity: number; readonly depth: number }): PlanesTerm => {
  const seen = new WeakMap<Probe, Promise<Rendering>>()
  return {
    async add({ generator, pivot, planes, probe }, sum) {
      const { renderer, weights: network } = generator
      const { label, rendering } = probe
      const look = { ...rendering, wanted: 'shape' as const }
      const known = seen.get(probe) ?? renderer.render(network, pivot, label, look)
      seen.set(probe, known)
      const before = await known
      const now = await renderer.render(network, planes, label, look)
      const count = now.depth.length
      let loss = 0
      const opacity = now.opacity.map((value, i) => {
        const difference = value - before.opacity[i]
        loss += (weights.opacity * difference * difference) / count
        return (2 * weights.opacity * difference) / count
      })
      const depth = now.depth.map((value, i) => {
        // Along an outline depth means nothing.
        if (Math.min(now.opacity[i], before.opacity[i]) < 0.9) return 0
        const difference = value - before.depth[i]
        loss += (weights.depth * difference * difference) / count
        return (2 * weights.depth * difference) / count
      })
      await renderer.backwardInto(sum, 1, network, now.tape, { opacity, depth })
      return loss
    },
  }
}
