/**
 * Looking at parts of a photo: square windows, turned and at any size, sampled quickly from copies of the photo that are
 * halved again and again. For networks that find things; what is shown or fitted is cut with care in crop.ts.
 */

import type { RgbImage } from '../images/rgb-image.ts'
import { halve } from './crop.ts'
import type { Window } from './pose.ts'

/** Copies of the photo, each half the size of the one before. */
export type Pyramid = readonly RgbImage[]

const SMALLEST = 64

export function pyramidOf(photo: RgbImage): Pyramid {
  const levels = [photo]
  for (let last = photo; Math.max(last.width, last.height) > SMALLEST; ) {
    last = halve(last)
    levels.push(last)
  }
  return levels
}

/** The window as a picture of `size` x `size` pixels; black where it lies outside the photo. */
export function sampleWindow(pyramid: Pyramid, { centre, side, roll }: Window, size: number): RgbImage {
  const reduction = Math.max(1, side / size)
  const level = Math.min(pyramid.length - 1, Math.round(Math.log2(reduction)))
  const { width, height, rgb: from } = pyramid[level]
  const scale = 2 ** -level
  const step = (side / size) * scale
  const [cos, sin] = [step * Math.cos(roll), step * Math.sin(roll)]
  const rgb = new Uint8Array(3 * size * size)
  for (let row = 0, to = 0; row < size; row++) {
    const v = row + 0.5 - size / 2
    for (let column = 0; column < size; column++, to += 3) {
      const u = column + 0.5 - size / 2
      const x = centre[0] * scale + cos * u - sin * v
      const y = centre[1] * scale + sin * u + cos * v
      if (x < 0 || y < 0 || x >= width || y >= height) continue
      const left = Math.max(0, Math.floor(x - 0.5))
      const top = Math.max(0, Math.floor(y - 0.5))
      const right = Math.max(0, x - 0.5 - left)
      const low = Math.max(0, y - 0.5 - top)
      const across = left + 1 < width ? 3 : 0
      const down = top + 1 < height ? 3 * width : 0
      const at = 3 * (top * width + left)
      for (let c = 0; c < 3; c++) {
        const above = from[at + c] + right * (from[at + across + c] - from[at + c])
        const below = from[at + down + c] + right * (from[at + down + across + c] - from[at + down + c])
        rgb[to + c] = above + low * (below - above) + 0.5
      }
    }
  }
  return { width: size, height: size, rgb }
}

/** A square picture as a window shows it that is turned by a quarter more, clockwise as seen. */
export function turnedByQuarter({ width: size, rgb: from }: RgbImage): RgbImage {
  const rgb = new Uint8Array(from.length)
  for (let row = 0, to = 0; row < size; row++) {
    for (let at = 3 * (size - 1 - row); to < 3 * size * (row + 1); at += 3 * size, to += 3) {
      rgb[to] = from[at]
      rgb[to + 1] = from[at + 1]
      rgb[to + 2] = from[at + 2]
    }
  }
  return { width: size, height: size, rgb }
}

/** The place in the photo of a place (u, v) in pixels of a look. */
export function toPhoto({ centre, side, roll }: Window, size: number, [u, v]: readonly number[]): [number, number] {
  const step = side / size
  const [x, y] = [(u - size / 2) * step, (v - size / 2) * step]
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)]
  return [centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y]
}
