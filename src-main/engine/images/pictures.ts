/** The engine's numbers as picture files. */
import sharp, { type Sharp } from 'sharp'
import { UserError } from '../errors.ts'
import { bilinear } from './bilinear.ts'
import type { RgbImage } from './rgb-image.ts'

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

export async function jpeg(
  { rgb, width, height }: RgbImage,
  { longestSide = 16_384, quality = 88 } = {},
): Promise<Uint8Array> {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ width: longestSide, height: longestSide, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality, chromaSubsampling: '4:4:4' })
    .toBuffer()
}

/** @param made what made it, for the file's description */
export async function png({ rgb, width, height }: RgbImage, made?: string): Promise<Uint8Array> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } })
  return (made === undefined ? picture : described(picture, made)).png().toBuffer()
}

/**
 * A view cut out of the white it was painted on: colour = (picture - (1 - opacity)) / opacity.
 * @param image [3 * n * n], -1..1
 * @param opacity [m * m], 0..1, enlarged where the picture is finer
 */
export async function cutOut(image: Float32Array, opacity: Float32Array): Promise<Uint8Array> {
  const size = Math.sqrt(image.length / 3)
  const from = Math.sqrt(opacity.length)
  const rgba = new Uint8Array(4 * size * size)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const alpha = bilinear(opacity, from, ((column + 0.5) * from) / size - 0.5, ((row + 0.5) * from) / size - 0.5)
      const at = row * size + column
      for (let channel = 0; channel < 3; channel++) {
        const value = (image[channel * size * size + at] + 1) / 2
        rgba[4 * at + channel] = toByte(alpha > 0.004 ? 1 - (1 - value) / alpha : value)
      }
      rgba[4 * at + 3] = toByte(alpha)
    }
  }
  return sharp(rgba, { raw: { width: size, height: size, channels: 4 } })
    .webp({ quality: 92 })
    .toBuffer()
}

const toByte = (value: number) => Math.round(Math.min(1, Math.max(0, value)) * 255)

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
    throw new UserError('picture-unreadable', {}, { cause })
  }
}

/** Pictures of a loop, at least and at most: more say nothing new, and take minutes. */
const LOOP = { least: 2, most: 240 }

export const loopFormats = ['gif', 'webp'] as const
export type LoopFormat = (typeof loopFormats)[number]

/**
 * A film that begins anew for ever. A GIF's pixels are seen through or not; WebP knows what is between.
 * @param frames [count, side, side, 4] 8 bits, opacity last
 * @param milliseconds each is shown
 * @throws UserError where they are not whole pictures, or too few or too many
 */
export async function loop(
  frames: Uint8Array,
  side: number,
  format: LoopFormat,
  milliseconds: number,
  made: string,
): Promise<Uint8Array> {
  const count = frames.length / (4 * side ** 2)
  if (!Number.isInteger(count) || count < LOOP.least || count > LOOP.most) throw new UserError('picture-unreadable')
  const film = sharp(frames, { raw: { width: side, height: side * count, channels: 4, pageHeight: side } })
  const times = { loop: 0, delay: Array.from({ length: count }, () => milliseconds) }
  const written =
    format === 'gif' ? film.gif({ ...times, effort: 4 }) : described(film, made).webp({ ...times, quality: 85 })
  return written.toBuffer()
}

const described = (picture: Sharp, made: string) =>
  picture.withExif({ IFD0: { Software: 'Halfturn', ImageDescription: made } })
