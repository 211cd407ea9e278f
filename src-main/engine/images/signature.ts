/** Which format a photo is in, by its first bytes: looked at before the file is read, and without loading any decoder. */
import { UserError } from '../errors.ts'
import { PHOTO_FORMAT_NAMES, type PhotoFormat } from './photo-formats.ts'

export type FormatId = PhotoFormat['id']

/** Larger files are refused before they are read. */
export const MOST_BYTES = 256 * 2 ** 20

export const CURE_DAMAGED = 'Copy the file again from where it came, or save it anew from an image editor.'
const CURE_FORMAT = 'Save or export the photo as JPEG or PNG and use that.'

/**
 * Tells the format from the first bytes (16 are enough), so that only its own decoder ever sees the file.
 * @throws UserError where it is none of {@link PHOTO_FORMATS}
 */
export function requireFormat(bytes: Uint8Array): FormatId {
  if (bytes.length === 0) throw new UserError('The photo file is empty (0 bytes).', CURE_DAMAGED)
  if (bytes.length > MOST_BYTES) {
    throw new UserError(
      `The photo file has ${Math.round(bytes.length / 2 ** 20)} MiB; at most ${MOST_BYTES / 2 ** 20} MiB are read.`,
      'Save the photo as JPEG, or shrink it in an image editor.',
    )
  }
  const head = String.fromCharCode(...bytes.subarray(0, 64))
  if (head.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'webp'
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'gif'
  if (head.startsWith('BM') && bytes.length >= 26) return 'bmp'
  // Canon's raw files say so where others have their first directory.
  if (/^(II\*\0|MM\0\*)/.test(head) && head.slice(8, 10) !== 'CR') return 'tiff'
  if (/^.{4}ftyp/s.test(head)) {
    // The kind of file, and those it can be read as.
    const brands = head.slice(8, 8 + 56).match(/.{4}/gs) ?? []
    if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif'
    if (brands.some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand))) return 'heic'
  }
  throw new UserError(`The file is not a ${PHOTO_FORMAT_NAMES} photo${otherFormat(head)}.`, CURE_FORMAT)
}

function otherFormat(head: string): string {
  if (head.startsWith('%PDF')) return ' but a PDF'
  if (/^(II\*\0|MM\0\*|FUJIFILMCCD-RAW)/.test(head) || /^.{4}ftypcrx/s.test(head)) return ' but a camera raw file'
  if (/^.{4}ftyp/s.test(head)) return ' but a film'
  if (/^\s*(<\?xml|<svg)/.test(head)) return ' but a drawing (SVG)'
  if (head.startsWith('8BPS')) return ' but a Photoshop file'
  return ''
}
