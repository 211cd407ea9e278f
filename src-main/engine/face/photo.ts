/** From the bytes a person dropped to upright 8-bit sRGB pixels, refusing what cannot be a portrait before it costs. */
import sharp from 'sharp'
import { UserError } from '../errors.ts'
import { focalLength35mm } from './exif.ts'

/** A decoded photo: upright, opaque, sRGB, at most {@link LONGEST_SIDE_KEPT} pixels on its long side. */
export interface Photo {
  width: number
  height: number
  /** RGB, 8 bits a channel, rows from the top: `3 * width * height` bytes. */
  rgb: Uint8Array
  /** 35 mm equivalent focal length in millimetres, where the camera wrote one. */
  focal35mm?: number
}

const MOST_BYTES = 256 * 2 ** 20
const MOST_PIXELS = 100e6
const LONGEST_SIDE = 20_000
/** Larger photos are shrunk while decoding: the crop is 512 pixels, and nothing below it needs more. */
export const LONGEST_SIDE_KEPT = 4096

const CURE_FORMAT = 'Save or export the photo as JPEG, PNG or WebP and use that.'
const CURE_DAMAGED = 'Copy the file again from where it came, or save it anew from an image editor.'

type Format = 'jpeg' | 'png' | 'webp'

/**
 * Decodes a JPEG, PNG or WebP: EXIF orientation applied, embedded profiles, CMYK, grey and 16-bit turned into 8-bit
 * sRGB, transparency laid on white, the long side shrunk to 4096 pixels.
 *
 * @throws UserError for no bytes, another format, a damaged or cut-off file, more than 100 megapixels or 20,000 pixels
 * a side (refused from the header, before a pixel is decoded).
 */
export async function decodePhoto(bytes: Uint8Array): Promise<Photo> {
  const format = requireFormat(bytes)
  const metadata = await sharp(bytes, { limitInputPixels: false }).metadata().catch(refuseDamaged(format))
  const { width = 0, height = 0 } = metadata
  if (metadata.format !== format || width < 1 || height < 1) throw damaged(format)
  if (width > LONGEST_SIDE || height > LONGEST_SIDE || width * height > MOST_PIXELS) {
    throw new UserError(
      `The photo claims ${width} x ${height} pixels; at most ${MOST_PIXELS / 1e6} megapixels and ` +
        `${LONGEST_SIDE} pixels a side are read.`,
      'Shrink the photo in an image editor; 2000 pixels across are plenty.',
    )
  }
  const { data, info } = await sharp(bytes, { limitInputPixels: MOST_PIXELS, failOn: 'error' })
    .autoOrient()
    .resize({ width: LONGEST_SIDE_KEPT, height: LONGEST_SIDE_KEPT, fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch(refuseDamaged(format))
  if (info.channels !== 3) throw new Error(`sharp gave ${info.channels} channels, not 3`)
  return {
    width: info.width,
    height: info.height,
    rgb: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    focal35mm: metadata.exif === undefined ? undefined : focalLength35mm(metadata.exif),
  }
}

/** Tells the format from the first bytes, so that only these three decoders ever see the file. */
function requireFormat(bytes: Uint8Array): Format {
  if (bytes.length === 0) throw new UserError('The photo file is empty (0 bytes).', CURE_DAMAGED)
  if (bytes.length > MOST_BYTES) {
    throw new UserError(
      `The photo file has ${Math.round(bytes.length / 2 ** 20)} MiB; at most ${MOST_BYTES / 2 ** 20} MiB are read.`,
      'Save the photo as JPEG, or shrink it in an image editor.',
    )
  }
  const head = String.fromCharCode(...bytes.subarray(0, 16))
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp'
  throw new UserError(`The file is not a JPEG, PNG or WebP photo${otherFormat(head)}.`, CURE_FORMAT)
}

function otherFormat(head: string): string {
  if (head.startsWith('GIF8')) return ' but a GIF'
  if (head.startsWith('BM')) return ' but a BMP'
  if (head.startsWith('%PDF')) return ' but a PDF'
  if (head.startsWith('II*\0') || head.startsWith('MM\0*')) return ' but a TIFF or camera raw file'
  if (/^.{4}ftyp(heic|heix|hevc|mif1|msf1)/s.test(head)) return ' but a HEIC picture'
  if (/^.{4}ftypavif/s.test(head)) return ' but an AVIF picture'
  return ''
}

const damaged = (format: Format, cause?: unknown) =>
  new UserError(`The ${format.toUpperCase()} photo is damaged or cut off and cannot be decoded.`, CURE_DAMAGED, {
    cause,
  })

function refuseDamaged(format: Format): (cause: unknown) => never {
  return (cause) => {
    throw damaged(format, cause)
  }
}
