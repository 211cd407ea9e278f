/**
 * What the image library gets to see of a file: the parts that make the picture and its colours, and nothing else. Every
 * other part, metadata above all, is an attack surface: an EXIF directory of 122 kB that points at itself keeps a library
 * busy for half a minute. Where a file shows several pictures, the first alone is passed on.
 *
 * One function a container. Each walks the file once, forward, and throws {@link Damaged} where it is not whole.
 */

/** The file is not what its first bytes promise, or it is cut off. */
export class Damaged extends Error {}

export interface Stripped {
  readonly bytes: Uint8Array
  /** The EXIF block, as it was met first. */
  readonly exif?: Uint8Array
  /** Only the mark that ends the file was missing; it has been added, and the pixels may yet be incomplete. */
  readonly endless?: boolean
  /** There are more pictures in the file. */
  readonly several?: boolean
}

/** Parts kept of one file; no picture has as many. */
const MOST_PARTS = 100_000
/** Progressive JPEGs have about ten; each costs as much time as the whole picture. */
const MOST_SCANS = 100

/** Collects the parts of a file that are passed on. */
class Parts {
  private readonly parts: Uint8Array[] = []

  keep(part: Uint8Array): void {
    if (this.parts.length === MOST_PARTS) throw new Damaged('too many parts')
    this.parts.push(part)
  }

  join(): Uint8Array {
    return Buffer.concat(this.parts)
  }
}

const ascii = (bytes: Uint8Array, at: number, length: number) => String.fromCharCode(...bytes.subarray(at, at + length))
const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => new DataView(buffer, byteOffset, byteLength)

// Markers of JPEG (ITU T.81, table B.1).
const SOF = [0xc0, 0xc1, 0xc2, 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]
const [DHT, DAC, EOI, SOS, DQT, DRI] = [0xc4, 0xcc, 0xd9, 0xda, 0xdb, 0xdd]
const [APP0, APP1, APP2, APP14] = [0xe0, 0xe1, 0xe2, 0xee]
const PICTURE = new Set([...SOF, DHT, DAC, SOS, DQT, DRI])
const isRestart = (marker: number) => marker >= 0xd0 && marker <= 0xd7

/** Keeps the picture, its JFIF and Adobe marks (which tell how colours are coded) and its colour profile. */
export function stripJpeg(file: Uint8Array): Stripped {
  const parts = new Parts()
  parts.keep(file.subarray(0, 2))
  let exif: Uint8Array | undefined
  let scans = 0
  let at = 2
  while (at + 1 < file.length) {
    if (file[at] !== 0xff) throw new Damaged('no marker where one must be')
    const marker = file[at + 1]
    if (marker === 0xff) {
      at++ // a fill byte
      continue
    }
    if (marker === EOI) {
      parts.keep(file.subarray(at, at + 2))
      return { bytes: parts.join(), exif }
    }
    const end = at + 2 + (at + 4 <= file.length ? 256 * file[at + 2] + file[at + 3] : Number.POSITIVE_INFINITY)
    if (end < at + 4 || end > file.length) break
    const segment = file.subarray(at, end)
    if (marker === APP1 && !exif && ascii(segment, 4, 6) === 'Exif\0\0') exif = segment.subarray(4)
    if (
      PICTURE.has(marker) ||
      (marker === APP0 && ascii(segment, 4, 5) === 'JFIF\0') ||
      (marker === APP2 && ascii(segment, 4, 12) === 'ICC_PROFILE\0') ||
      (marker === APP14 && ascii(segment, 4, 5) === 'Adobe')
    ) {
      parts.keep(segment)
    }
    at = end
    if (marker === SOS) {
      if (++scans > MOST_SCANS) throw new Damaged('too many scans')
      const start = at
      at = endOfScan(file, at)
      parts.keep(file.subarray(start, at))
    }
  }
  if (scans === 0) throw new Damaged('no picture')
  parts.keep(Uint8Array.of(0xff, EOI))
  return { bytes: parts.join(), exif, endless: true }
}

/** Where the next marker stands that is none of the data's own. */
function endOfScan(file: Uint8Array, from: number): number {
  for (let at = file.indexOf(0xff, from); at >= 0; at = file.indexOf(0xff, at + 2)) {
    while (file[at + 1] === 0xff) at++
    if (at + 1 === file.length) return at
    if (file[at + 1] !== 0 && !isRestart(file[at + 1])) return at
  }
  return file.length
}

const PNG_CHUNKS = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND', 'iCCP', 'gAMA', 'cHRM', 'sRGB', 'sBIT'])
const PNG_END = Uint8Array.of(0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82)

/** Keeps the picture and what tells its colours; of an animated one the picture that other programs show. */
export function stripPng(file: Uint8Array): Stripped {
  const view = viewOf(file)
  const parts = new Parts()
  parts.keep(file.subarray(0, 8))
  let exif: Uint8Array | undefined
  let several = false
  let data = false
  let at = 8
  for (let end = 0; at + 12 <= file.length; at = end) {
    const type = ascii(file, at + 4, 4)
    end = at + 12 + view.getUint32(at)
    if (end > file.length) throw new Damaged('a chunk ends beyond the file')
    if (type === 'eXIf') exif ??= file.subarray(at + 8, end - 4)
    if (type === 'acTL') several = true
    if (PNG_CHUNKS.has(type)) parts.keep(file.subarray(at, end))
    if (type === 'IDAT') data = true
    if (type === 'IEND') return { bytes: parts.join(), exif, several }
  }
  if (!data || at !== file.length) throw new Damaged('the end is missing')
  parts.keep(PNG_END)
  return { bytes: parts.join(), exif, several, endless: true }
}

const WEBP_CHUNKS = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ICCP', 'ANIM', 'ANMF'])
/** The bits of VP8X that promise EXIF and XMP. */
const WEBP_METADATA = 0x0c

export function stripWebp(file: Uint8Array): Stripped {
  const view = viewOf(file)
  const parts = new Parts()
  parts.keep(file.subarray(0, 12))
  let exif: Uint8Array | undefined
  let pictures = 0
  const riff = 8 + view.getUint32(4, true)
  if (riff > file.length) throw new Damaged('the end is missing')
  for (let at = 12, end = 0; at + 8 <= riff; at = end) {
    const type = ascii(file, at, 4)
    const length = view.getUint32(at + 4, true)
    end = at + 8 + length + (length % 2)
    if (at + 8 + length > file.length) throw new Damaged('a chunk ends beyond the file')
    if (type === 'EXIF') exif ??= file.subarray(at + 8, at + 8 + length)
    if (!WEBP_CHUNKS.has(type) || (type === 'ANMF' && ++pictures > 1)) continue
    // A copy: a Buffer's own slice would be a view of the file.
    const chunk = new Uint8Array(file.subarray(at, end))
    if (type === 'VP8X' && length > 0) chunk[8] &= ~WEBP_METADATA
    parts.keep(chunk)
  }
  const bytes = parts.join()
  viewOf(bytes).setUint32(4, bytes.length - 8, true)
  return { bytes, exif, several: pictures > 1 }
}

const [GIF_EXTENSION, GIF_CONTROL, GIF_PICTURE, GIF_END] = [0x21, 0xf9, 0x2c, 0x3b]

/** Keeps the first picture and what says which of its colours is clear. */
export function stripGif(file: Uint8Array): Stripped {
  const parts = new Parts()
  const afterTable = (flags: number, at: number) => at + (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0)
  let at = afterTable(file[10], 13)
  parts.keep(file.subarray(0, at))
  let pictures = 0
  while (at < file.length && file[at] !== GIF_END) {
    const start = at
    const kind = file[at]
    if (kind === GIF_PICTURE) {
      if (++pictures > 1) break
      at = afterBlocks(file, afterTable(file[at + 9], at + 10) + 1)
    } else if (kind === GIF_EXTENSION) at = afterBlocks(file, at + 2)
    else throw new Damaged('no block where one must be')
    if (kind === GIF_PICTURE || file[start + 1] === GIF_CONTROL) parts.keep(file.subarray(start, at))
  }
  if (pictures === 0) throw new Damaged('no picture')
  parts.keep(Uint8Array.of(GIF_END))
  return { bytes: parts.join(), several: pictures > 1 }
}

function afterBlocks(file: Uint8Array, from: number): number {
  let at = from
  while (file[at] > 0) at += 1 + file[at]
  if (at >= file.length) throw new Damaged('a block ends beyond the file')
  return at + 1
}

/** Tags of TIFF that make the picture: sizes, coding, strips, tiles, palette, sample kinds, JPEG tables, YCbCr, profile. */
const TIFF_TAGS = new Set([
  ...[254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 282, 283, 284, 296, 317, 320, 322, 323, 324, 325],
  ...[332, 334, 338, 339, 340, 341, 347, 529, 530, 531, 532, 34675],
])
const SUBFILE = 254
const MOST_TAGS = 512

/** Keeps the picture's own tags in the first directory, and cuts the way to all others. */
export function stripTiff(file: Uint8Array): Stripped {
  const bytes = new Uint8Array(file)
  const view = viewOf(bytes)
  const little = bytes[0] === 0x49
  const start = bytes.length >= 8 ? view.getUint32(4, little) : 0
  if (start < 8 || start + 2 > bytes.length) throw new Damaged('no directory')
  const count = view.getUint16(start, little)
  const end = start + 2 + 12 * count
  if (count > MOST_TAGS || end + 4 > bytes.length) throw new Damaged('the directory ends beyond the file')
  let kept = 0
  for (let i = 0; i < count; i++) {
    const entry = start + 2 + 12 * i
    const tag = view.getUint16(entry, little)
    // What stands first in a camera's raw file is a small preview.
    if (tag === SUBFILE && view.getUint32(entry + 8, little) & 1) throw new Damaged('a preview, as raw files have')
    if (!TIFF_TAGS.has(tag)) continue
    bytes.copyWithin(start + 2 + 12 * kept++, entry, entry + 12)
  }
  const several = view.getUint32(end, little) !== 0
  view.setUint16(start, kept, little)
  bytes.fill(0, start + 2 + 12 * kept, end + 4)
  return { bytes, exif: file, several }
}
