/**
 * Reading the feature planes at points, as `planes.ts` does, as tensors (docs/eg3d.md, Planes): the texels around a point
 * are gathered and mixed. The gradient table does the rest: into the planes by a scatter with atomic sums, and into the
 * points through the mixture's shares.
 */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import {
  add,
  concat,
  constant,
  floor,
  gather,
  greater,
  matMul,
  max,
  min,
  mul,
  reduceSum,
  reshape,
  sub,
  type Tensor,
  where,
} from '../graph/index.ts'
import { firstSlice, layoutOf, type PlaneLayout } from './plane-layout.ts'
import { PlaneProjection } from './planes.ts'

/** Texels that are read for a point: four of each plane, and as many of the next layer where a plane has several. */
export function tapsOf({ layers }: Pick<PlaneLayout, 'layers'>): number {
  return 4 * readingsOf({ layers }).length
}

/** Planes, and for one with several layers the lower and the upper one of the two around a point. */
function readingsOf({ layers }: Pick<PlaneLayout, 'layers'>): { plane: number; upper: number }[] {
  return layers.flatMap((count, plane) => (count > 1 ? [0, 1] : [0]).map((upper) => ({ plane, upper })))
}

/**
 * @param planes [slices * R * R, C]
 * @param points [N, 3] world
 * @returns [N, C], the mean over the three planes
 */
export function readPlanes(config: GeneratorConfig, planes: Tensor, points: Tensor): Tensor {
  const layout = layoutOf(config)
  const { resolution: size, channels, layers } = layout
  const readings = readingsOf(layout)
  const row = (of: (reading: (typeof readings)[number]) => number) => constant(readings.map(of), [1, readings.length])
  const { rows } = new PlaneProjection(config)
  /** Along one of the planes' axes, in texels or layers, [N, readings]. */
  const along = (axis: number, count: Tensor | number) => {
    const data = [0, 1, 2].flatMap((k) => readings.map(({ plane }) => rows[plane * 9 + axis * 3 + k]))
    const place = matMul(points, constant(data, [3, readings.length]))
    return mul(sub(mul(add(place, 1), count), 1), 0.5)
  }
  const texels = (axis: number) => {
    const at = along(axis, size)
    const low = floor(at)
    const share = sub(at, low)
    return [sub(1, share), share].map((weight, i) => {
      const index = add(low, i)
      const held = where(greater(index, -0.5), where(greater(size - 0.5, index), weight, 0), 0)
      return { index: max(min(index, size - 1), 0), weight: held }
    })
  }
  const first = row(({ plane }) => firstSlice(layout, plane))
  let slice: Tensor = first
  let share: Tensor = constant(1 / 3)
  if (readings.length > 3) {
    const last = row(({ plane }) => layers[plane] - 1)
    const at = max(
      min(
        along(
          2,
          row(({ plane }) => layers[plane]),
        ),
        last,
      ),
      0,
    )
    const low = floor(at)
    const upper = row((reading) => reading.upper)
    const above = sub(at, low)
    slice = add(first, min(add(low, upper), last))
    share = mul(where(greater(upper, 0.5), above, sub(1, above)), 1 / 3)
  }
  const columns = texels(0)
  const taps = texels(1).flatMap((line) =>
    columns.map((column) => ({
      texel: add(mul(add(mul(slice, size), line.index), size), column.index),
      weight: mul(mul(line.weight, column.weight), share),
    })),
  )
  const count = taps.length * readings.length
  const [points_] = points.shape
  const texel = reshape(
    concat(
      taps.map((tap) => tap.texel),
      1,
    ),
    [points_ * count],
  )
  const weight = reshape(
    concat(
      taps.map((tap) => tap.weight),
      1,
    ),
    [points_, count, 1],
  )
  const read = reshape(gather(planes, texel), [points_, count, channels])
  return reshape(reduceSum(mul(read, weight), [1]), [points_, channels])
}
