import type { GeneratorConfig } from '../../src-main/engine/checkpoint/config.ts'
import { layoutOf, stridesOf } from '../../src-main/engine/generator/plane-layout.ts'

/**
 * How much neighbouring texels differ: the mean square along rows and along columns, added up. Adds `weight` times its
 * gradient to `gradient`.
 * @param planes [N, slices, R, R, C], and so the gradient
 */
export function roughness(
  planes: Float32Array,
  config: GeneratorConfig,
  weight: number,
  gradient: Float32Array,
): number {
  const size = config.plane_resolution
  const { column, row } = stridesOf(layoutOf(config))
  const scale = size / ((size - 1) * planes.length)
  let sum = 0
  for (const stride of [column, row]) {
    // Along a row of texels the first has no neighbour before it, in a column the first row has none above it.
    const period = stride * size
    for (let start = 0; start < planes.length; start += period) {
      for (let i = start + stride; i < start + period; i++) {
        const difference = planes[i] - planes[i - stride]
        sum += difference * difference
        const pull = 2 * weight * scale * difference
        gradient[i] += pull
        gradient[i - stride] -= pull
      }
    }
  }
  return sum * scale
}
