/** Planes without what they cannot show cleanly: a surface taken from bilinear texels shows each of them. */
import { type Planes, stridesOf } from './plane-layout.ts'

/**
 * Planes smoothed along rows and columns by [1, 2, 1] / 4, which takes the finest pattern they can hold, every other
 * texel, away whole and leaves what is wider than some six texels nearly as it is. Edges repeat their outermost texel.
 */
export function bandLimited({ data, ...layout }: Planes): Planes {
  const { resolution } = layout
  const { column, row } = stridesOf(layout)
  const along = (values: Float32Array, step: number) => {
    const result = new Float32Array(values.length)
    const line = step * resolution
    for (let start = 0; start < values.length; start += line) {
      for (let i = start; i < start + line; i++) {
        const before = i >= start + step ? values[i - step] : values[i]
        const after = i < start + line - step ? values[i + step] : values[i]
        result[i] = (before + 2 * values[i] + after) / 4
      }
    }
    return result
  }
  return { ...layout, data: along(along(data, column), row) }
}
