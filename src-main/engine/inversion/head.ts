/** A head: what an inversion finds and everything else shows, a code, its camera and what its photo added to the planes. */
import type { Generator } from '../generator/generator.ts'
import { type Planes, shapeOf } from '../generator/planes.ts'
import { addResidual, type Residual } from './residual.ts'

export interface Head {
  /** [num_ws * w_dim] */
  readonly ws: Float32Array
  /** The photo's camera, 25 numbers, as refined. */
  readonly label: Float32Array
  /** What the photo's outline adds to the generator's planes, smooth; absent before the shape stage. */
  readonly shape?: Residual
  /** What the photo adds to their colour; absent before the tuning stage. */
  readonly detail?: Detail
}

/**
 * Residual planes, finer than the generator's or as fine: [3][resolution][resolution][plane_channels]. They are of colour
 * alone; a photo tells colour exactly and shape hardly, so density stays what the planes say that it is added to.
 */
export interface Detail {
  readonly resolution: number
  readonly data: Float32Array
}

/** The planes of a head: the backbone's, bent by its shape, and with a detail, refined to its resolution and added to it, those of colour. */
export async function paintHead(generator: Generator, head: Head): Promise<Planes> {
  const painted = await generator.planes(head.ws)
  const planes = head.shape ? addResidual(painted, head.shape) : painted
  return head.detail ? addDetail(refine(planes, head.detail.resolution), head.detail) : planes
}

/** @param planes as fine as the detail; they, or those that they were refined from, go on giving the density */
export function addDetail(planes: Planes, detail: Detail): Planes {
  const data = planes.data.map((value, i) => value + detail.data[i])
  return { ...planes, data, shape: shapeOf(planes) }
}

/**
 * The same field on a finer grid: bilinear, texel centres at half coordinates, so that sampling it gives what sampling
 * the coarse planes gave. Density is still that of the coarse ones.
 */
export function refine(planes: Planes, resolution: number): Planes {
  const { resolution: from, channels, data } = planes
  if (resolution === from) return planes
  const result = new Float32Array(3 * resolution * resolution * channels)
  const taps = Array.from({ length: resolution }, (_, i) => {
    const centre = Math.min(Math.max(((i + 0.5) * from) / resolution - 0.5, 0), from - 1)
    const low = Math.min(Math.floor(centre), from - 2)
    return { low, share: centre - low }
  })
  for (let plane = 0; plane < 3; plane++) {
    for (let row = 0; row < resolution; row++) {
      const { low: r, share: fy } = taps[row]
      for (let column = 0; column < resolution; column++) {
        const { low: c, share: fx } = taps[column]
        const at = ((plane * from + r) * from + c) * channels
        const below = at + from * channels
        const into = ((plane * resolution + row) * resolution + column) * channels
        for (let k = 0; k < channels; k++) {
          const top = data[at + k] * (1 - fx) + data[at + channels + k] * fx
          const bottom = data[below + k] * (1 - fx) + data[below + channels + k] * fx
          result[into + k] = top * (1 - fy) + bottom * fy
        }
      }
    }
  }
  return { data: result, resolution, channels, shape: shapeOf(planes) }
}
