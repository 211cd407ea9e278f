/**
 * The two EXIF numbers we want, which way up the camera was held and its focal length, read without trusting a byte. The
 * block is a TIFF file; a photo that is one is read the same way.
 */
export interface Exif {
  /** 1 to 8, as the standard numbers them; 1 is upright. */
  readonly orientation: number
  /** 35 mm equivalent focal length in millimetres, where the camera wrote one. */
  readonly focal35mm?: number
}

const EXIF_HEADER = [0x45, 0x78, 0x69, 0x66, 0, 0] // 'Exif\0\0', which JPEG puts before the TIFF block
const ORIENTATION = 0x0112
const EXIF_FOLDER = 0x8769
const FOCAL_LENGTH_IN_35MM_FILM = 0xa405
const TYPE_SHORT = 3
const TYPE_LONG = 4
const MOST_ENTRIES = 512
/** Beyond these a 35 mm equivalent is a writing mistake (0 stands for "unknown" in the standard). */
const PLAUSIBLE_FOCAL: readonly [number, number] = [8, 1200]
const UPRIGHT: Exif = { orientation: 1 }

/**
 * Upright and without a focal length where the block has neither, is broken or says something no camera says. Never
 * throws: EXIF is a hint, and a broken one is no reason to refuse a photo.
 */
export function readExif(block: Uint8Array): Exif {
  const start = EXIF_HEADER.every((byte, i) => block[i] === byte) ? EXIF_HEADER.length : 0
  const tiff = new DataView(block.buffer, block.byteOffset + start, block.byteLength - start)
  if (tiff.byteLength < 8) return UPRIGHT
  const order = tiff.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) return UPRIGHT
  const littleEndian = order === 0x4949
  if (tiff.getUint16(2, littleEndian) !== 42) return UPRIGHT
  const first = tiff.getUint32(4, littleEndian)
  const turned = readTag(tiff, first, ORIENTATION, littleEndian) ?? 1
  const orientation = turned >= 1 && turned <= 8 ? turned : 1
  const folder = readTag(tiff, first, EXIF_FOLDER, littleEndian)
  const focal = folder === undefined ? undefined : readTag(tiff, folder, FOCAL_LENGTH_IN_35MM_FILM, littleEndian)
  if (focal === undefined || focal < PLAUSIBLE_FOCAL[0] || focal > PLAUSIBLE_FOCAL[1]) return { orientation }
  return { orientation, focal35mm: focal }
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
