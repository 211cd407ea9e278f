/** What the tests of the face front end share: the sample portrait, and a landmarker. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { decodePixels, type Photo } from '../src-main/engine/images/photo.ts'
import { createLandmarker, type Landmarker } from '../src-main/engine/networks/mediapipe.ts'
import { samplePath } from './sample.ts'

export const samplePortrait = () => readFile(samplePath)

/** Runs `use` with the path of a temporary file of this name and content. */
export async function withFile<T>(name: string, chunks: Uint8Array[], use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'halfturn-'))
  try {
    await writeFile(join(folder, name), chunks)
    return await use(join(folder, name))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

let landmarker: Promise<Landmarker> | undefined

/** One for all test files of a process, not to be closed: loading it takes longer than most of what it is asked. */
export function sharedLandmarker(): Promise<Landmarker> {
  landmarker ??= createLandmarker()
  return landmarker
}

/** The sample portrait after some image operations. */
export async function decodedSample(edit = (image: Sharp): Sharp => image): Promise<Photo> {
  return decodePixels(
    await edit(sharp(await samplePortrait()))
      .png()
      .toBuffer(),
  )
}

/** Pictures laid on a plain canvas. */
export async function collage(
  [width, height]: [number, number],
  parts: { input: Buffer; left: number; top: number }[],
): Promise<Photo> {
  const canvas = sharp({ create: { width, height, channels: 3, background: '#66788a' } })
  return decodePixels(await canvas.composite(parts).png().toBuffer())
}
