/** A photo of the person, and what makes its light that of the others. */

import { shrink } from '../generator/resample.ts'
import type { MattedPortrait } from './matted-portrait.ts'

export interface PosedPortrait {
  readonly portrait: MattedPortrait
  /** The camera its landmarks gave, 25 numbers. */
  readonly label: Float32Array
}

/** What a photo's channels are multiplied with at most, and divided by. */
const MOST_GAIN = 1.6

/**
 * What to multiply a photo's channels with, so that the person in it has the head's colours: the ratio of the means.
 * One number a channel takes up exposure and white balance; a fit of contrast too would pull the photo towards a head
 * that is still blurred.
 * @param image, opacity of the head from the photo's camera: [3 * n * n] in -1..1, [n * n]
 * @returns [3]
 */
export function matchColours(
  { rgb, matte, valid, size }: MattedPortrait,
  image: Float32Array,
  opacity: Float32Array,
): Float32Array {
  const area = opacity.length
  const resolution = Math.sqrt(area)
  const shown = shrink(
    matte.map((alpha, i) => alpha * valid[i]),
    size,
    resolution,
  )
  const weight = opacity.map((alpha, i) => alpha * shown[i])
  return Float32Array.from({ length: 3 }, (_, channel) => {
    const values = new Float32Array(size * size).map((_, i) => rgb[3 * i + channel] / 255)
    const photo = shrink(values, size, resolution)
    let [ofHead, ofPhoto] = [0, 0]
    for (let i = 0; i < area; i++) {
      ofHead += weight[i] * (image[channel * area + i] / 2 + 0.5)
      ofPhoto += weight[i] * photo[i]
    }
    const ratio = ofPhoto > 0 ? ofHead / ofPhoto : 1
    return Math.min(MOST_GAIN, Math.max(1 / MOST_GAIN, ratio))
  })
}

/** The photo in another light. */
export function lit(portrait: MattedPortrait, gains: Float32Array): MattedPortrait {
  const rgb = portrait.rgb.map((value, i) => Math.min(255, Math.round(value * gains[i % 3])))
  return { ...portrait, rgb, ...(portrait.wide && { wide: lit(portrait.wide, gains) }) }
}
