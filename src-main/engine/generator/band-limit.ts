/** Planes without what they cannot show cleanly: a surface taken from bilinear texels shows each of them. */
import type { Planes } from './plane-layout.ts'

/** Binomial, maximally flat: one at rest with no curvature, zero for the finest pattern. */
const TAPS = [-1, 4, 10, 4, -1].map((tap) => tap / 16)

/**
 * Planes smoothed along rows and columns, which takes the finest pattern they can hold, every other texel, away whole and
 * leaves three quarters of a wave of four texels and nearly all of one of eight. Edges repeat their outermost texel.
 */
export function bandLimited({ data, ...layout }: Planes): Planes {
  const { resolution, channels } = layout
  const along = (values: Float32Array, step: number) =>
    values.map((_, i) => {
      const at = Math.floor(i / step) % resolution
      return TAPS.reduce((sum, tap, k) => {
        const near = Math.min(Math.max(at + k - 2, 0), resolution - 1)
        return sum + tap * values[i + (near - at) * step]
      }, 0)
    })
  return { ...layout, data: along(along(data, channels), resolution * channels) }
}
