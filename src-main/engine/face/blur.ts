/**
 * How blurred a face is, judged at its eyes: they hold the sharpest edges of any face. Where an edge is blurred by
 * sigma, blurring it again by a known s weakens its gradient by sqrt(1 + s^2 / sigma^2), which gives sigma.
 */

import { gaussian } from '../images/gaussian.ts'
import type { RgbImage } from '../images/rgb-image.ts'
import { cutCrop } from './crop.ts'

/** The eyes are judged with this many pixels between them at most: enough to see 2 % of that distance. */
const MOST_INTEROCULAR = 96
/** Side of the judged square, in interocular distances. */
const REGION = 1.8
/** Blur of a sharp photo's own pixels, in pixels: what is found beyond it counts. */
const PIXEL_BLUR = 0.5
/** The second blur, in pixels of the judged square, starts here and then follows the blur it finds. */
const LEAST_SECOND_BLUR = 1.5
const ROUNDS = 4
/**
 * A wide second blur runs neighbouring edges of the eye into each other, which hides a part of a wide first one:
 * measured on 18 faces blurred by 0.02 to 0.15, the estimate x stands for x / (1 - (x / this)^2).
 */
const SATURATION = 0.2
const MOST = 0.15
/** The part of all pixels taken for edges: those of the steepest gradient. */
const EDGES = 0.04

/**
 * The standard deviation of the blur at the eyes as a part of the interocular distance. A sharp photo gives what its
 * pixels allow, well below 0.05 down to 12 pixels between the eyes.
 *
 * @param eyes the centres of both eyes, image left first, in photo pixels
 */
export function eyeBlur(photo: RgbImage, eyes: [left: readonly number[], right: readonly number[]]): number {
  const [left, right] = eyes
  const [dx, dy] = [right[0] - left[0], right[1] - left[1]]
  const interocular = Math.hypot(dx, dy)
  const judged = Math.min(interocular, MOST_INTEROCULAR)
  const size = Math.round(REGION * judged)
  const window = {
    centre: [left[0] + dx / 2, left[1] + dy / 2] as [number, number],
    side: (size * interocular) / judged,
    roll: Math.atan2(dy, dx),
  }
  const { rgb, valid } = cutCrop(photo, window, size)
  const luma = Float64Array.from(valid, (_, i) => 0.299 * rgb[3 * i] + 0.587 * rgb[3 * i + 1] + 0.114 * rgb[3 * i + 2])
  const before = squaredGradient(luma, size)
  const threshold = before.toSorted()[Math.floor((1 - EDGES) * before.length)]
  let sigma = 0
  for (let round = 0; round < ROUNDS; round++) {
    const second = Math.max(LEAST_SECOND_BLUR, sigma)
    const after = squaredGradient(gaussian(luma, size, second), size)
    let [sumBefore, sumAfter] = [0, 0]
    for (let i = 0; i < before.length; i++) {
      if (before[i] < threshold) continue
      sumBefore += before[i]
      sumAfter += after[i]
    }
    if (sumAfter === 0) break // nothing there to judge
    sigma = Math.min(MOST * judged, second / Math.sqrt(Math.max(1e-3, sumBefore / sumAfter - 1)))
  }
  const estimate = Math.sqrt(Math.max(0, sigma ** 2 - PIXEL_BLUR ** 2)) / judged
  return estimate / (1 - (estimate / SATURATION) ** 2)
}

function squaredGradient(image: Float64Array, size: number): Float64Array {
  const out = new Float64Array(image.length)
  for (let y = 1; y < size - 1; y++) {
    for (let x = 1; x < size - 1; x++) {
      const i = y * size + x
      out[i] = (image[i + 1] - image[i - 1]) ** 2 + (image[i + size] - image[i - size]) ** 2
    }
  }
  return out
}
