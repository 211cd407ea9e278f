/** Planes without what they cannot show cleanly: a surface taken from bilinear texels shows each of them. */
import { type Planes, stridesOf } from './plane-layout.ts'

/**
 * Planes smoothed along rows and columns by [1, 2, 1] / 4, which takes the finest pattern they can hold, every other
 * texel, away whole and leaves what is wider than some six texels nearly as it is. Edges repeat their outermost texel.
 */
export function bandLimited({ data, ...layout }: Planes): Planes {
  const { resolution } = layout
  const { column, row } = stridesOf(layout)
  const along = (values: Float32Array, step: number) =>
    values.map((value, i) => {
      const at = Math.floor(i / step) % resolution
      const before = at > 0 ? values[i - step] : value
      const after = at < resolution - 1 ? values[i + step] : value
      return (before + 2 * value + after) / 4
    })
  return { ...layout, data: along(along(data, column), row) }
}
