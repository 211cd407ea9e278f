/** The one EXIF number we want, read from a photo's EXIF block without trusting a byte of it. */

const EXIF_HEADER = [0x45, 0x78, 0x69, 0x66, 0, 0] // 'Exif\0\0', which JPEG puts before the TIFF block
const EXIF_FOLDER = 0x8769
const FOCAL_LENGTH_IN_35MM_FILM = 0xa405
const TYPE_SHORT = 3
const TYPE_LONG = 4
const MOST_ENTRIES = 512
/** Beyond these a 35 mm equivalent is a writing mistake (0 stands for "unknown" in the standard). */
const PLAUSIBLE_FOCAL: readonly [number, number] = [8, 1200]

/**
 * The 35 mm equivalent focal length in millimetres, or undefined where the block has none, is broken or says something
 * no lens has. Never throws: EXIF is a hint, and a broken one is no reason to refuse a photo.
 */
export function focalLength35mm(exif: Uint8Array): number | undefined {
  const start = EXIF_HEADER.every((byte, i) => exif[i] === byte) ? EXIF_HEADER.length : 0
  const tiff = new DataView(exif.buffer, exif.byteOffset + start, exif.byteLength - start)
  if (tiff.byteLength < 8) return undefined
  const order = tiff.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) return undefined
  const littleEndian = order === 0x4949
  if (tiff.getUint16(2, littleEndian) !== 42) return undefined
  const folder = readTag(tiff, tiff.getUint32(4, littleEndian), EXIF_FOLDER, littleEndian)
  if (folder === undefined) return undefined
  const focal = readTag(tiff, folder, FOCAL_LENGTH_IN_35MM_FILM, littleEndian)
  if (focal === undefined || focal < PLAUSIBLE_FOCAL[0] || focal > PLAUSIBLE_FOCAL[1]) return undefined
  return focal
}

/** The SHORT or LONG value of `tag` in the TIFF folder at `offset`; undefined where it is missing or out of bounds. */
function readTag(tiff: DataView, offset: number, tag: number, littleEndian: boolean): number | undefined {
  if (offset < 8 || offset + 2 > tiff.byteLength) return undefined
  const entries = Math.min(tiff.getUint16(offset, littleEndian), MOST_ENTRIES)
  for (let i = 0; i < entries; i++) {
    const entry = offset + 2 + 12 * i
    if (entry + 12 > tiff.byteLength) return undefined
    if (tiff.getUint16(entry, littleEndian) !== tag) continue
    const type = tiff.getUint16(entry + 2, littleEndian)
    if (type === TYPE_SHORT) return tiff.getUint16(entry + 8, littleEndian)
    if (type === TYPE_LONG) return tiff.getUint32(entry + 8, littleEndian)
    return undefined
  }
  return undefined
}
