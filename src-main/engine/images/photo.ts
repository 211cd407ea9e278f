/**
 * From the bytes a person dropped to upright 8-bit sRGB pixels, refusing what cannot be a portrait before it costs. What
 * the image library sees of a file is bounded in strip.ts; which process it runs in is told in decoder.ts.
 */
import sharp, { type Sharp } from 'sharp'
import { type Message, message, UserError } from '../errors.ts'
import { decodeBmp } from './bmp.ts'
import { type Exif, readExif } from './exif.ts'
import { type Decoded, decodeHeic, heifParts, withoutMetadata } from './heif.ts'
import { PHOTO_FORMATS } from './photo-formats.ts'
import { type FormatId, requireFormat } from './signature.ts'
import { Damaged, type Stripped, stripGif, stripJpeg, stripPng, stripTiff, stripWebp } from './strip.ts'
import { tiffWith } from './tiff.ts'

/** A decoded photo: upright as its camera says, opaque, sRGB, at most {@link MOST_PIXELS_KEPT} pixels. */
export interface Photo {
  width: number
  height: number
  /** RGB, 8 bits a channel, rows from the top: `3 * width * height` bytes. */
  rgb: Uint8Array
  /** 35 mm equivalent focal length in millimetres, where the camera wrote one. */
  focal35mm?: number
  /** What is odd about the file, though it could be opened. */
  notes: Note[]
}

export type Note = Message<'end-missing' | 'transparent' | 'first-picture'>

const MOST_PIXELS = 100e6
const LONGEST_SIDE = 20_000
/** Larger photos are shrunk while decoding: the crop is 512 pixels, and nothing below it needs more. */
export const MOST_PIXELS_KEPT = 4096 ** 2
/** Seconds the image library may work on one photo. */
const TIME_LIMIT = 60

/** What sharp is given to read, and what was learnt on the way. */
interface Source {
  /** Opens it; every call starts anew. */
  open(): Sharp
  readonly exif: Exif
  /** Its end was made up: what sharp finds missing counts. */
  readonly endless?: boolean
  readonly several?: boolean
}

/**
 * Decodes a photo of any of {@link PHOTO_FORMATS}: orientation applied, embedded profiles, CMYK, grey and 16-bit turned
 * into 8-bit sRGB, transparency laid on white, shrunk to 16.8 megapixels. Of several pictures in one file the first.
 *
 * @throws UserError for no bytes, another format, a damaged or cut-off file, more than 100 megapixels or 20,000 pixels
 * a side (refused from the header, before a pixel is decoded).
 */
export async function decodePixels(bytes: Uint8Array): Promise<Photo> {
  const format = requireFormat(bytes)
  try {
    const source = await open(bytes, format)
    return await develop(source)
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    throw damaged(format, cause)
  }
}

const STRIP: Partial<Record<FormatId, (bytes: Uint8Array) => Stripped>> = {
  jpeg: stripJpeg,
  png: stripPng,
  webp: stripWebp,
  gif: stripGif,
  tiff: stripTiff,
}

async function open(bytes: Uint8Array, format: FormatId): Promise<Source> {
  const strip = STRIP[format]
  if (strip) {
    const { bytes: picture, exif, endless, several } = strip(bytes)
    // A decoder only warns of an end that comes too soon; where we made up the end, no warning is harmless.
    const open = () => read(picture, endless ? 'warning' : 'error')
    return { open, exif: readExif(exif ?? new Uint8Array(0)), endless, several }
  }
  if (format === 'bmp') {
    const picture = decodeBmp(bytes, refuseLarge)
    return { open: () => pixels(picture), exif: { orientation: 1 } }
  }
  const { exif, profile } = heifParts(bytes)
  const { focal35mm } = readExif(exif ?? new Uint8Array(0))
  // libheif has turned the picture by the file's own boxes, which EXIF only repeats.
  const upright: Exif = { orientation: 1, focal35mm }
  if (format === 'avif') {
    const picture = withoutMetadata(bytes)
    return { open: () => read(picture, 'error'), exif: upright }
  }
  const { several, ...picture } = await decodeHeic(bytes, refuseLarge)
  const withProfile = profile && tiffWith(picture, profile)
  return { open: () => (withProfile ? read(withProfile, 'error') : pixels(picture)), exif: upright, several }
}

const read = (bytes: Uint8Array, failOn: 'error' | 'warning') =>
  // What the header claims is looked at before a pixel is decoded.
  sharp(bytes, { limitInputPixels: false, failOn }).timeout({ seconds: TIME_LIMIT })

const pixels = ({ width, height, rgba }: Decoded) => sharp(rgba, { raw: { width, height, channels: 4 } })

/** From whatever sharp can read to a photo. */
async function develop({ open, exif, endless, several }: Source): Promise<Photo> {
  const { width = 0, height = 0, hasAlpha, space, hasProfile } = await open().metadata()
  if (width < 1 || height < 1) throw new Damaged('no size')
  refuseLarge(width, height)
  const notes: Note[] = []
  if (endless) notes.push(message('end-missing'))
  if (several) notes.push(message('first-picture'))
  let image = open()
  if (space === 'grey16' && hasProfile) {
    // sharp applies no profile to 16-bit grey, but keeps it; at 8 bits it does.
    image = sharp(await image.toColourspace('b-w').keepIccProfile().tiff({ compression: 'none' }).toBuffer())
  }
  if (hasAlpha && (await isClear(open()))) {
    notes.push(message('transparent'))
    // Shrinking weighs colours by their alpha, so they are freed of it first.
    const { data, info } = await srgb(image.removeAlpha())
    image = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
  }
  const most = Math.round(Math.max(width, height) * Math.min(1, Math.sqrt(MOST_PIXELS_KEPT / (width * height))))
  const { data, info } = await srgb(
    turned(image, exif.orientation)
      .resize({ width: most, height: most, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' }),
  )
  if (info.channels !== 3) throw new Error(`sharp gave ${info.channels} channels, not 3`)
  return {
    width: info.width,
    height: info.height,
    rgb: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ...(exif.focal35mm !== undefined && { focal35mm: exif.focal35mm }),
    notes,
  }
}

const srgb = (image: Sharp) => image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })

/** Whether every pixel is wholly transparent. */
async function isClear(image: Sharp): Promise<boolean> {
  const alpha = await image.extractChannel('alpha').raw({ depth: 'uchar' }).toBuffer()
  return alpha.every((value) => value === 0)
}

/** By EXIF's numbers. sharp mirrors before it turns. */
function turned(image: Sharp, orientation: number): Sharp {
  const mirrored = [2, 5, 7].includes(orientation) ? image.flop() : orientation === 4 ? image.flip() : image
  const angle = { 3: 180, 5: 270, 6: 90, 7: 90, 8: 270 }[orientation]
  return angle === undefined ? mirrored : mirrored.rotate(angle)
}

function refuseLarge(width: number, height: number): void {
  if (width <= LONGEST_SIDE && height <= LONGEST_SIDE && width * height <= MOST_PIXELS) return
  throw new UserError('photo-too-many-pixels', { width, height, megapixels: MOST_PIXELS / 1e6, side: LONGEST_SIDE })
}

const damaged = (format: FormatId, cause: unknown) => {
  const { name } = PHOTO_FORMATS.find(({ id }) => id === format)!
  return new UserError('photo-damaged', { format: name }, { cause })
}
