/** A head: what an inversion finds and everything else shows, a code, its camera and the detail its photo added. */
import type { Generator } from '../generator/generator.ts'
import { addPlanes, type Planes, refine } from '../generator/plane-layout.ts'

export interface Head {
  /** [num_ws * w_dim] */
  readonly ws: Float32Array
  /** The photo's camera, 25 numbers, as refined. */
  readonly label: Float32Array
  /** What the photo adds to the generator's planes; absent before the tuning stage. */
  readonly detail?: Detail
}

/** Residual planes, finer than the generator's or as fine, otherwise laid out like them. */
export interface Detail {
  readonly resolution: number
  readonly data: Float32Array
}

/** The planes of a head: the backbone's, refined to the detail's resolution, plus the detail. */
export async function paintHead(generator: Generator, head: Head): Promise<Planes> {
  const planes = await generator.planes(head.ws)
  return head.detail ? addPlanes(refine(planes, head.detail.resolution), head.detail.data) : planes
}
