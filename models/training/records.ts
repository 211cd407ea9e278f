/**
 * The renders a generator is trained on: one .npz a head (a zip of NumPy arrays, as heads/records.py writes them), several
 * views each. Everything stays in its stored bytes; a batch decodes what it needs.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unzipSync } from 'fflate'
import { UserError } from '../../src-main/engine/errors.ts'

/** Heads from this seed on are for evaluation and never trained on. */
export const FIRST_HELD_OUT_SEED = 900_000

/** One picture of a head; rows from the top. */
export interface RecordedView {
  /** Side in pixels. */
  readonly size: number
  /** [size * size * 3], on the renderer's grey background. */
  readonly rgb: Uint8Array
  /** [size * size] half precision bits: distance along the optical axis, 0 where nothing is. */
  readonly depth: Uint16Array
  /** [size * size] 0..255, how much of the pixel is the head. */
  readonly mask: Uint8Array
  /** [size * size * 3] the surface's normal in the head's frame x 127, towards the camera; 0 where nothing is. */
  readonly normal: Int8Array
  /** Camera, 25 numbers. */
  readonly label: Float32Array
}

/** A view's picture and camera alone. */
export type RecordedPicture = Pick<RecordedView, 'size' | 'rgb' | 'mask' | 'label'>

/** One head. The first view is from the front. */
export interface RecordedHead {
  readonly seed: number
  /** Name of the hair style; null: bald. */
  readonly style?: string | null
  /** Names of what is worn, and of a beard that is more than painted. */
  readonly hat?: string | null
  readonly glasses?: string | null
  readonly beard?: string | null
  readonly views: readonly RecordedView[]
}

/** Grey of the renderer's background, 0..1, as stored (sRGB). */
const BACKGROUND = 188 / 255

type NpyArray = { readonly type: string; readonly shape: readonly number[]; readonly bytes: Uint8Array }

/** Reads a .npy array of little-endian numbers in row order (NumPy's format, versions 1 to 3). */
function readNpy(file: Uint8Array): NpyArray {
  const magic = String.fromCharCode(...file.subarray(0, 6))
  if (magic !== '\x93NUMPY')
    throw new UserError('tool', { text: 'A record holds an entry that is no .npy array.', cure: 'Make it again.' })
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const [length, start] = file[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12]
  const header = new TextDecoder('latin1').decode(file.subarray(start, start + length))
  const type = /'descr': *'([^']+)'/.exec(header)?.[1]
  const shape = /'shape': *\(([^)]*)\)/.exec(header)?.[1]
  if (type === undefined || shape === undefined || /'fortran_order': *True/.test(header)) {
    throw new UserError('tool', {
      text: `A record's array cannot be read: ${header.slice(0, 200)}`,
      cure: 'Make it again.',
    })
  }
  // A copy, so that the bytes are aligned and the record does not hold on to the whole archive.
  return {
    type,
    shape: shape
      .split(',')
      .filter((s) => s.trim())
      .map(Number),
    bytes: file.slice(start + length),
  }
}

const TYPES = {
  rgb: /^\|u1$/,
  depth: /^<f2$/,
  mask: /^\|u1$/,
  normal: /^\|i1$/,
  cam: /^<f4$/,
  meta: /^<U\d+$/,
}
type Entry = keyof typeof TYPES

/** The entries of a record's archive. @throws UserError where one is missing or of another type. */
export function readEntries<E extends Entry>(
  archive: Uint8Array,
  name: string,
  entries: readonly E[],
): Record<E, NpyArray> {
  const files = unzipSync(archive, { filter: ({ name }) => entries.some((entry) => name === `${entry}.npy`) })
  const get = (entry: E): NpyArray => {
    const file = files[`${entry}.npy`]
    const array = file && readNpy(file)
    if (!array || !TYPES[entry].test(array.type)) {
      throw new UserError('tool', {
        text: `${name} has no usable "${entry}" (${array?.type ?? 'missing'}).`,
        cure: 'Make the record again.',
      })
    }
    return array
  }
  return Object.fromEntries(entries.map((entry) => [entry, get(entry)])) as Record<E, NpyArray>
}

/** What a record's text says. */
export function parseMeta<T>({ bytes }: NpyArray): T {
  return JSON.parse(String.fromCodePoint(...new Uint32Array(bytes.buffer).filter((code) => code !== 0)))
}

/** @throws UserError where an entry is missing or of another type. */
export function readRecord(archive: Uint8Array, name: string): RecordedHead {
  const { rgb, depth, mask, normal, cam, meta } = readEntries(archive, name, Object.keys(TYPES) as Entry[])
  const [count, size] = rgb.shape
  const area = size * size
  const halves = new Uint16Array(depth.bytes.buffer)
  const normals = new Int8Array(normal.bytes.buffer)
  const labels = new Float32Array(cam.bytes.buffer)
  const views = Array.from({ length: count }, (_, i) => ({
    size,
    rgb: rgb.bytes.subarray(i * area * 3, (i + 1) * area * 3),
    depth: halves.subarray(i * area, (i + 1) * area),
    mask: mask.bytes.subarray(i * area, (i + 1) * area),
    normal: normals.subarray(i * area * 3, (i + 1) * area * 3),
    label: labels.slice(i * 25, (i + 1) * 25),
  }))
  const { seed, style, hat, glasses, beard } = parseMeta<Omit<RecordedHead, 'views'>>(meta)
  return { seed, style, hat, glasses, beard, views }
}

/**
 * Reads every record of a folder, in the order of their names.
 * @param limit read at most so many
 * @throws UserError when there are none, or one is held out for evaluation
 */
export async function readRecords(folder: string, choice: RecordChoice = {}): Promise<RecordedHead[]> {
  const records: RecordedHead[] = []
  for await (const record of eachRecord(folder, choice)) records.push(record)
  return records
}

interface RecordChoice {
  readonly limit?: number
  readonly heldOut?: boolean
}

/** The same, one after another: of large pictures not many fit into memory. */
export async function* eachRecord(
  folder: string,
  { limit = Number.POSITIVE_INFINITY, heldOut = false }: RecordChoice = {},
): AsyncGenerator<RecordedHead> {
  const names = (await readdir(folder)).filter((name) => /^\d+\.npz$/.test(name)).sort()
  if (names.length === 0)
    throw new UserError('tool', { text: `${folder} holds no records (.npz).`, cure: 'Render some heads first.' })
  for (const name of names.slice(0, limit)) {
    const record = readRecord(await readFile(join(folder, name)), name)
    if (record.seed >= FIRST_HELD_OUT_SEED !== heldOut) {
      throw new UserError('tool', {
        text: `${name}: seeds from ${FIRST_HELD_OUT_SEED} on are for evaluation only.`,
        cure: 'Move it away.',
      })
    }
    yield record
  }
}

/** Colour of pixel `i` on white, 0..1, three numbers into `out` at `at`. */
export function colourOnWhite(view: RecordedPicture, i: number, out: Float32Array, at: number): void {
  const bare = (1 - view.mask[i] / 255) * (1 - BACKGROUND)
  for (let channel = 0; channel < 3; channel++) out[at + channel] = Math.min(1, view.rgb[i * 3 + channel] / 255 + bare)
}

/**
 * A view on white, shrunk by averaging: [3 * side * side], channel by channel, 0..1. `side` divides the view's.
 * @param shift rows and columns it is moved by, in its own pixels; what comes into sight at a border repeats it
 */
export function thumbnail(
  view: RecordedPicture,
  side: number,
  shift: readonly [number, number] = [0, 0],
): Float32Array {
  const { size } = view
  const step = size / side
  const result = new Float32Array(3 * side * side)
  const colour = new Float32Array(3)
  const from = (at: number, by: number) => Math.min(size - 1, Math.max(0, at - by))
  for (let i = 0; i < view.mask.length; i++) {
    const [row, column] = [Math.floor(i / size), i % size]
    colourOnWhite(view, from(row, shift[0]) * size + from(column, shift[1]), colour, 0)
    const to = Math.floor(row / step) * side + Math.floor(column / step)
    for (let channel = 0; channel < 3; channel++) result[channel * side * side + to] += colour[channel] / (step * step)
  }
  return result
}
