/** The engine's numbers as picture files. */
import sharp from 'sharp'
import { UserError } from './errors.ts'
import type { RgbImage } from './face/mediapipe.ts'

const MOST_PIXELS = 16e6

/** [3 * n * n], channel by channel, -1..1, to 8-bit RGB. */
export function toRgb(image: Float32Array): Uint8Array {
  const area = image.length / 3
  const rgb = new Uint8Array(3 * area)
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < area; i++) {
      const value = (image[channel * area + i] + 1) * 127.5
      rgb[3 * i + channel] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value)
    }
  }
  return rgb
}

export async function jpeg({ rgb, width, height }: RgbImage, longestSide = 16_384): Promise<Uint8Array> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: 88, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** @param made what made it, for the file's description */
export async function png({ rgb, width, height }: RgbImage, made?: string): Promise<Uint8Array> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } })
  return (made === undefined ? picture : described(picture, made)).png().toBuffer()
}

/**
 * A PNG that says what made it.
 * @throws UserError where `bytes` are no PNG of at most 16 megapixels
 */
export async function describedPng(bytes: Uint8Array, made: string): Promise<Uint8Array> {
  try {
    const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS })
    if ((await picture.metadata()).format !== 'png') throw new Error('not a PNG')
    return await picture
      .withExif({ IFD0: { Software: 'Halfturn', ImageDescription: made } })
      .png()
      .toBuffer()
  } catch (cause) {
    throw new UserError('The picture cannot be read.', 'Save it again.', { cause })
  }
}

const described = (picture: sharp.Sharp, made: string) =>
  picture.withExif({ IFD0: { Software: 'Halfturn', ImageDescription: made } })
