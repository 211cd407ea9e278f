/**
 * Which rays of a view are worth casting: those of the person and its outline, and some of the background, other ones
 * in every step, so that nothing grows there unseen.
 */

import type { MattedPortrait } from '../face/matted-portrait.ts'
import { shrink } from '../generator/resample.ts'
import { uniform } from '../random.ts'

/** Pixels around the person that are always rendered. */
const MARGIN = 2
/** The share of the rest that a step renders. */
const BACKGROUND_SHARE = 0.15
const LEAST_OPACITY = 0.02

export class RaySelection {
  /** Pixels of the person and its outline, ascending. */
  readonly inside: Uint32Array
  private readonly outside: readonly number[]

  /**
   * @param resolution side of the rendering, in rays
   * @param hole side of a square in the middle that is left to another view, as a share of the picture's
   */
  constructor({ matte, size }: MattedPortrait, resolution: number, hole = 0) {
    const shares = shrink(matte, size, resolution)
    const near = new Uint8Array(resolution * resolution)
    shares.forEach((share, pixel) => {
      if (share <= LEAST_OPACITY) return
      const [row, column] = [Math.floor(pixel / resolution), pixel % resolution]
      const last = Math.min(column + MARGIN, resolution - 1)
      for (let y = Math.max(row - MARGIN, 0); y <= Math.min(row + MARGIN, resolution - 1); y++) {
        near.fill(1, y * resolution + Math.max(column - MARGIN, 0), y * resolution + last + 1)
      }
    })
    const pixels = [...near.keys()].filter((pixel) => !isWithin(pixel, resolution, hole))
    this.inside = Uint32Array.from(pixels.filter((pixel) => near[pixel] === 1))
    this.outside = pixels.filter((pixel) => near[pixel] === 0)
  }

  /** The pixels of a step, ascending; as many in every step, so that one model serves them all. */
  draw(seed: number, stream: number): Uint32Array {
    const next = uniform(seed, stream)
    const rest = [...this.outside]
    const count = Math.floor(rest.length * BACKGROUND_SHARE)
    for (let i = 0; i < count; i++) {
      const other = i + Math.floor(next() * (rest.length - i))
      ;[rest[i], rest[other]] = [rest[other], rest[i]]
    }
    return Uint32Array.from([...this.inside, ...rest.slice(0, count)]).sort()
  }
}

/** Whether a pixel's centre lies in the middle square of a picture, whose side is the share `side` of the picture's. */
export function isWithin(pixel: number, resolution: number, side: number): boolean {
  const away = [Math.floor(pixel / resolution), pixel % resolution].map((at) => Math.abs(2 * at + 1 - resolution))
  return Math.max(...away) < side * resolution
}
