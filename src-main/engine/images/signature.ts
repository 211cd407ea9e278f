/** Which format a photo is in, by its first bytes: looked at before the file is read, and without loading any decoder. */
import { type Message, message, UserError } from '../errors.ts'
import type { PhotoFormat } from './photo-formats.ts'

export type FormatId = PhotoFormat['id']

/** Larger files are refused before they are read. */
export const MOST_BYTES = 256 * 2 ** 20

/**
 * Tells the format from the first bytes (16 are enough), so that only its own decoder ever sees the file.
 * @throws UserError where it is none of {@link PHOTO_FORMATS}
 */
export function requireFormat(bytes: Uint8Array): FormatId {
  if (bytes.length === 0) throw new UserError('photo-empty')
  if (bytes.length > MOST_BYTES) {
    throw new UserError('photo-too-large', { size: Math.round(bytes.length / 2 ** 20), most: MOST_BYTES / 2 ** 20 })
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
  throw new UserError('not-a-photo', { kind: otherKind(head) })
}

/** What it is instead, where that is plain. */
function otherKind(head: string): Message | '' {
  if (head.startsWith('%PDF')) return message('kind-pdf')
  if (/^(II\*\0|MM\0\*|FUJIFILMCCD-RAW)/.test(head) || /^.{4}ftypcrx/s.test(head)) return message('kind-raw')
  if (/^.{4}ftyp/s.test(head)) return message('kind-film')
  if (/^\s*(<\?xml|<svg)/.test(head)) return message('kind-svg')
  if (head.startsWith('8BPS')) return message('kind-photoshop')
  return ''
}
