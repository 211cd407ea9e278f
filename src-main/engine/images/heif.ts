/**
 * HEIC and AVIF: the boxes of a HEIF file (ISO 14496-12, 23008-12) that we read ourselves, and the decoder for HEIC,
 * libheif as WebAssembly, since the image library's has no HEVC. libheif turns and mirrors as the file's own boxes say, and
 * EXIF repeats what they say: orientation there does not count.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { Damaged } from './strip.ts'

interface HeifParts {
  readonly exif?: Uint8Array
  readonly profile?: Uint8Array
}

interface Part {
  readonly type: string
  /** Of the content, behind size and type. */
  readonly start: number
  readonly end: number
}

const MOST_BOXES = 10_000

/** The parts beside the pixels. @throws Damaged where the boxes do not fit into one another */
export function heifParts(file: Uint8Array): HeifParts {
  const meta = boxes(file, 0, file.length).find(({ type }) => type === 'meta')
  if (!meta) throw new Damaged('no meta box')
  const inMeta = boxes(file, meta.start + 4, meta.end)
  const named = (type: string) => inMeta.find((part) => part.type === type)
  const [items, places, properties] = [named('iinf'), named('iloc'), named('iprp')]
  const exif = items && places && exifOf(file, items, places)
  const profile = properties && profileOf(file, properties)
  return { ...(exif && { exif }), ...(profile && { profile }) }
}

/**
 * The file with its metadata items renamed to a type that nobody reads, so that the image library does not parse them;
 * nothing moves.
 */
export function withoutMetadata(file: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(file)
  const meta = boxes(bytes, 0, bytes.length).find(({ type }) => type === 'meta')
  if (!meta) throw new Damaged('no meta box')
  const inside = Buffer.from(bytes.buffer, bytes.byteOffset + meta.start, meta.end - meta.start)
  for (const type of ['Exif', 'mime', 'uri ']) {
    for (let at = inside.indexOf(type); at >= 0; at = inside.indexOf(type, at + 4)) inside.write('skip', at, 'latin1')
  }
  return bytes
}

function boxes(file: Uint8Array, from: number, to: number): Part[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const found: Part[] = []
  for (let at = from; at + 8 <= to; ) {
    const size = view.getUint32(at)
    const large = size === 1
    if (large && at + 16 > to) break
    const length = large ? Number(view.getBigUint64(at + 8)) : size === 0 ? to - at : size
    const start = at + (large ? 16 : 8)
    if (at + length > to || at + length < start || found.length === MOST_BOXES) throw new Damaged('a box does not fit')
    found.push({ type: String.fromCharCode(...file.subarray(at + 4, at + 8)), start, end: at + length })
    at += length
  }
  return found
}

/** The EXIF item's TIFF block, if it lies in one piece in the file. */
function exifOf(file: Uint8Array, items: Part, places: Part): Uint8Array | undefined {
  const read = reader(file, items.start, items.end)
  const wide = read(1) > 0
  read(3)
  const listed = items.start + 4 + (wide ? 4 : 2)
  for (const { type, start, end } of boxes(file, listed, items.end)) {
    if (type !== 'infe' || end - start < 12) continue
    const entry = reader(file, start, end)
    const version = entry(1)
    entry(3)
    const id = version === 3 ? entry(4) : entry(2)
    entry(2)
    if (entry(4) !== 0x45786966) continue // 'Exif'
    const place = placeOf(file, places, id)
    if (!place) return undefined
    // Four bytes tell how far behind them the block begins.
    const { offset, length } = place
    if (length < 8 || offset + length > file.length) return undefined
    const skip = 4 + reader(file, offset, offset + 4)(4)
    return skip < length ? file.subarray(offset + skip, offset + length) : undefined
  }
  return undefined
}

/** Where item `id` lies, by the item location box. */
function placeOf(file: Uint8Array, { start, end }: Part, id: number): { offset: number; length: number } | undefined {
  const read = reader(file, start, end)
  const version = read(1)
  read(3)
  const sizes = read(2)
  const [offsetSize, lengthSize, baseSize, indexSize] = [sizes >> 12, (sizes >> 8) & 15, (sizes >> 4) & 15, sizes & 15]
  const count = version < 2 ? read(2) : read(4)
  for (let i = 0; i < Math.min(count, MOST_BOXES); i++) {
    const item = version < 2 ? read(2) : read(4)
    const method = version > 0 ? read(2) & 15 : 0
    read(2)
    const base = read(baseSize)
    const extents = read(2)
    if (extents > MOST_BOXES) throw new Damaged('too many extents')
    for (let extent = 0; extent < extents; extent++) {
      if (version > 0) read(indexSize)
      const offset = base + read(offsetSize)
      const length = read(lengthSize)
      if (item === id) return method === 0 && extents === 1 ? { offset, length } : undefined
    }
  }
  return undefined
}

/** The first ICC profile among the properties. */
function profileOf(file: Uint8Array, properties: Part): Uint8Array | undefined {
  const container = boxes(file, properties.start, properties.end).find(({ type }) => type === 'ipco')
  if (!container) return undefined
  for (const { type, start, end } of boxes(file, container.start, container.end)) {
    const kind = type === 'colr' ? String.fromCharCode(...file.subarray(start, start + 4)) : ''
    if (kind === 'prof' || kind === 'rICC') return file.subarray(start + 4, end)
  }
  return undefined
}

/** Reads big-endian numbers one after the other, of 0 to 8 bytes. */
function reader(file: Uint8Array, from: number, to: number): (bytes: number) => number {
  let at = from
  return (bytes) => {
    if (bytes > 8 || at + bytes > to) throw new Damaged('a box ends too soon')
    let value = 0
    for (let i = 0; i < bytes; i++) value = 256 * value + file[at++]
    return value
  }
}

export interface Decoded {
  readonly width: number
  readonly height: number
  /** RGBA, 8 bits a channel. */
  readonly rgba: Uint8Array
}

interface HeifImage {
  get_width(): number
  get_height(): number
  is_primary(): boolean
  display(target: { data: Uint8Array; width: number; height: number }, done: (result: unknown) => void): void
  free(): void
}

interface LibHeif {
  HeifDecoder: new () => { decode(file: Uint8Array): HeifImage[] }
}

/**
 * Decodes the primary picture of a HEIC file.
 * @param check is told the size before a pixel is decoded, and throws where it is too much
 * @throws Damaged
 */
export async function decodeHeic(
  file: Uint8Array,
  check: (width: number, height: number) => void,
): Promise<Decoded & { several: boolean }> {
  const require = createRequire(import.meta.url)
  const load = require('libheif-js/libheif-wasm/libheif.js') as (options: object) => Promise<LibHeif>
  const quiet = () => {}
  const wasmBinary = await readFile(require.resolve('libheif-js/libheif-wasm/libheif.wasm'))
  const { HeifDecoder } = await load({ wasmBinary, print: quiet, printErr: quiet })
  const images = new HeifDecoder().decode(file)
  try {
    const image = images.find((image) => image.is_primary()) ?? images[0]
    if (!image) throw new Damaged('no picture')
    const [width, height] = [image.get_width(), image.get_height()]
    check(width, height)
    const rgba = new Uint8Array(4 * width * height)
    await new Promise<void>((resolve, reject) => {
      image.display({ data: rgba, width, height }, (result) =>
        result ? resolve() : reject(new Damaged('the picture cannot be decoded')),
      )
    })
    return { width, height, rgba, several: images.length > 1 }
  } finally {
    for (const image of images) image.free()
  }
}
