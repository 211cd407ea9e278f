/** Held-out heads with everything that is true about them: photographed, seen from all sides and measured by heads.py. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { UserError } from '../../src-main/engine/errors.ts'

const SCRIPT = join(import.meta.dirname, 'heads.py')
const CACHE = join(homedir(), '.cache', 'halfturn-bench')
/** The system's own Python: the head model needs its numpy and scipy. */
const PYTHON = '/usr/bin/python3'

export interface TrueView {
  readonly degrees: number
  /** Camera in the head's own frame, 25 numbers. */
  readonly label: Float32Array
  readonly size: number
  /** RGB on white. */
  readonly rgb: Uint8Array
  /** [size * size] along the camera's axis, world units; 0 where there is no head. */
  readonly depth: Float32Array
}

export interface TrueHead {
  readonly seed: number
  readonly folder: string
  /** JPEG files; the second and third from the sides, in other light. */
  readonly photos: readonly Uint8Array[]
  /** The first photo's camera in the head's own frame, 25 numbers; its intrinsics are those of the uncut picture. */
  readonly photoLabel: Float32Array
  /** What each pixel of the first photo shows of the face, in the head's own frame; NaN where it is no face: [height, width, 3]. */
  readonly photoPoints: Float32Array
  readonly photoWidth: number
  readonly views: readonly TrueView[]
}

/** Where a reconstruction's surface lies against the true one; lengths in world units. */
export interface Alignment {
  /** Row-major 4 x 4 similarity from the reconstruction's frame to the head's. */
  readonly matrix: readonly number[]
  /** Distance of the true surface from the reconstruction's: head and hair without shoulders. */
  readonly mean: number
  readonly p90: number
  /** The same for the front half. */
  readonly face: number
  /**
   * Of the face, 95 mm around the tip of the nose, laid on the true one by itself: median distance, median degrees between
   * normals, and its roughness, high-passed normals, 1 where they are as rough as the true ones.
   */
  readonly face_median: number
  readonly face_degrees: number
  readonly face_roughness: number
}

/** Options of benchmarks that take held-out heads: how many, and the first one's seed. */
export const headOptions = (heads: number) =>
  ({ heads: { type: 'string', default: String(heads) }, first: { type: 'string', default: '900100' } }) as const

export const seedsOf = ({ heads, first }: { readonly heads: string; readonly first: string }): number[] =>
  Array.from({ length: Number(heads) }, (_, i) => Number(first) + i)

/**
 * Renders the heads into a cache folder, once.
 * @param photos how many of each
 * @throws UserError where Python or what the head model needs is missing
 */
export async function trueHeads(seeds: readonly number[], photos = 1): Promise<TrueHead[]> {
  await python('render', CACHE, ...[photos, ...seeds].map(String))
  return Promise.all(seeds.map((seed) => readHead(seed, photos)))
}

/**
 * @param surface [n, 6]: points of the reconstruction's surface and their normals
 * @param pairs [n, 6]: a point of the reconstruction's face, and the true one that the photo shows in the same place
 */
export async function align(head: TrueHead, surface: Float32Array, pairs: Float32Array): Promise<Alignment> {
  const write = async (name: string, { buffer, byteOffset, byteLength }: Float32Array) => {
    const file = join(head.folder, name)
    await writeFile(file, new Uint8Array(buffer, byteOffset, byteLength))
    return file
  }
  const files = [await write('reconstruction.f32', surface), await write('pairs.f32', pairs)]
  return JSON.parse(await python('align', head.folder, ...files))
}

async function python(...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, ...options]).catch((cause) => {
    throw new UserError(
      'tool',
      { text: `bench/support/heads.py failed: ${cause.message}`, cure: 'It needs numpy, scipy, PIL and gcc.' },
      {
        cause,
      },
    )
  })
  return stdout
}

async function readHead(seed: number, photos: number): Promise<TrueHead> {
  const folder = join(CACHE, String(seed))
  const truth = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8'))
  const views = truth.views.map(async ({ degrees, label }: { degrees: number; label: number[] }): Promise<TrueView> => {
    const name = `view${degrees < 0 ? '' : '+'}${degrees}`
    const { data, info } = await sharp(join(folder, `${name}.png`))
      .raw()
      .toBuffer({ resolveWithObject: true })
    const depth = await readFile(join(folder, `${name}.depth`))
    return {
      degrees,
      label: Float32Array.from(label),
      size: info.width,
      rgb: new Uint8Array(data),
      depth: new Float32Array(new Uint8Array(depth).buffer),
    }
  })
  const names = Array.from({ length: photos }, (_, n) => (n === 0 ? 'photo.jpg' : `photo-${n + 1}.jpg`))
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))))
  return {
    seed,
    folder,
    photos: files,
    photoLabel: Float32Array.from(truth.photo.label),
    photoPoints: new Float32Array(new Uint8Array(await readFile(join(folder, 'photo.points'))).buffer),
    photoWidth: (await sharp(files[0]).metadata()).width,
    views: await Promise.all(views),
  }
}
