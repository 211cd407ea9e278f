/**
 * BMP, which the image library does not read: uncompressed, 1 to 32 bits a pixel, rows from below or above, with colour
 * masks. What npm has for it either ignores where the pixels begin or is not kept up.
 */
import { UserError } from '../errors.ts'
import type { Decoded } from './heif.ts'
import { Damaged } from './strip.ts'

const [PLAIN, MASKS] = [0, 3]
/** Bytes beyond twice the file's: colour photos never come near it, palettes do from 26 megapixels on. */
const MOST_UNFOLDED = 100e6
/** Red, green, blue, clear where the file names no masks. */
const MASKS_OF: Record<number, number[]> = { 16: [0x7c00, 0x03e0, 0x001f, 0], 32: [0xff0000, 0xff00, 0xff, 0] }

/**
 * @param check is told the size before anything is allocated, and throws where it is too much
 * @throws UserError where a palette unfolds to far more than the file; Damaged, also for the compressed kinds that nobody writes
 */
export function decodeBmp(file: Uint8Array, check: (width: number, height: number) => void): Decoded {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < 54) throw new Damaged('no header')
  const start = view.getUint32(10, true)
  const header = view.getUint32(14, true)
  const [width, signed] = [view.getInt32(18, true), view.getInt32(22, true)]
  const height = Math.abs(signed)
  const bits = view.getUint16(28, true)
  const kind = view.getUint32(30, true)
  if (header < 40 || width < 1 || height < 1 || ![1, 4, 8, 16, 24, 32].includes(bits)) throw new Damaged('odd header')
  if (kind !== PLAIN && !(kind === MASKS && bits >= 16)) throw new Damaged('compressed')
  check(width, height)
  if (4 * width * height > 2 * file.length + MOST_UNFOLDED) {
    throw new UserError('bmp-unfolds', { width, height, bits })
  }
  const stride = Math.ceil((width * bits) / 32) * 4
  if (start + stride * height > file.length) throw new Damaged('the end is missing')

  const rgba = new Uint8Array(4 * width * height)
  const rowAt = (row: number) => start + stride * (signed > 0 ? height - 1 - row : row)
  if (bits <= 8) {
    const colours = 14 + header
    const known = Math.min(view.getUint32(46, true) || 1 << bits, 1 << bits)
    if (colours + 4 * known > file.length) throw new Damaged('the palette is missing')
    for (let row = 0, to = 0; row < height; row++) {
      const at = rowAt(row)
      for (let x = 0; x < width; x++, to += 4) {
        const first = x * bits
        const index = (file[at + (first >> 3)] >> (8 - bits - (first & 7))) & ((1 << bits) - 1)
        const colour = colours + 4 * Math.min(index, known - 1)
        rgba[to] = file[colour + 2]
        rgba[to + 1] = file[colour + 1]
        rgba[to + 2] = file[colour]
        rgba[to + 3] = 255
      }
    }
  } else if (bits === 24) {
    for (let row = 0, to = 0; row < height; row++) {
      for (let x = 0, at = rowAt(row); x < width; x++, at += 3, to += 4) {
        rgba[to] = file[at + 2]
        rgba[to + 1] = file[at + 1]
        rgba[to + 2] = file[at]
        rgba[to + 3] = 255
      }
    }
  } else {
    const channels = (kind === MASKS ? masksIn(view, header) : MASKS_OF[bits]).map(channelOf)
    for (let row = 0, to = 0; row < height; row++) {
      const at = rowAt(row)
      for (let x = 0; x < width; x++, to += 4) {
        const pixel = bits === 16 ? view.getUint16(at + 2 * x, true) : view.getUint32(at + 4 * x, true)
        for (let c = 0; c < 4; c++) rgba[to + c] = channels[c](pixel)
      }
    }
  }
  return { width, height, rgba }
}

/** The masks stand behind the first 40 bytes of the header: three of them, and one for alpha where it is long enough. */
function masksIn(view: DataView, header: number): number[] {
  const known = header >= 56 ? 4 : 3
  if (view.byteLength < 54 + 4 * known) throw new Damaged('the masks are missing')
  return [0, 1, 2, 3].map((i) => (i < known ? view.getUint32(54 + 4 * i, true) : 0))
}

/** Reads the bits of a mask as 0 to 255; without a mask, 255. */
function channelOf(mask: number, index: number): (pixel: number) => number {
  if (mask === 0) return index === 3 ? () => 255 : () => 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = mask >>> shift
  return (pixel) => Math.round((255 * ((pixel & mask) >>> shift)) / most)
}
