/**
 * Portraits in all four orientations and twelve aspect ratios: whether the face is found the right way up, alone, and with
 * the pose it has in the picture as it was taken. Rendered heads, and the real portraits given as files.
 *
 * `npm run bench -- robustness portraits -- [photo ...] [--heads 43] [--first 900100]`
 */

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { UserError } from '../../src-main/engine/errors.ts'
import { makePortrait } from '../../src-main/engine/face/portrait.ts'
import type { Pose } from '../../src-main/engine/face/pose.ts'
import { DEGREE } from '../../src-main/engine/generator/camera.ts'
import { decodePixels } from '../../src-main/engine/images/photo.ts'
import { createLandmarker, type Landmarker } from '../../src-main/engine/networks/mediapipe.ts'
import { samplePath } from '../../testing/sample.ts'
import type { RobustnessPart } from '../robustness.ts'
import { median } from '../support/recorder.ts'
import { headOptions, seedsOf, trueHeads } from '../support/truth.ts'

const QUARTERS = [0, 90, 180, 270]
/** Width over height. */
const RATIOS = [1 / 4, 1 / 3, 9 / 21, 9 / 16, 2 / 3, 4 / 5, 1, 4 / 3, 16 / 9, 21 / 9, 3, 4]
/** Degrees within which a pose is the same. */
const SAME = { yaw: 4, pitch: 5, roll: 5 }
/** The portraits stand upright, give or take this. */
const MOST_ROLL = 30
/** What a picture is laid on to get another shape. */
const GROUNDS = ['#e8e8e8', '#3d5a4c', '#101014']

interface Portrait {
  readonly name: string
  readonly bytes: Uint8Array
}

interface Case {
  readonly what: string
  readonly turn: number
  readonly bytes: Uint8Array
}

const portraits: RobustnessPart = async (recorder, options) => {
  const { values, positionals } = parseArgs({
    args: [...options],
    allowPositionals: true,
    options: { ...headOptions(43) },
  })
  const seeds = seedsOf(values)
  const real = [samplePath, ...positionals].map(async (path) => ({ name: basename(path), bytes: await readFile(path) }))
  const rendered = (await trueHeads(seeds)).map(({ seed, photos }) => ({ name: `head ${seed}`, bytes: photos[0] }))
  const all: Portrait[] = [...(await Promise.all(real)), ...rendered]

  const landmarker = await createLandmarker()
  const tally = { cases: 0, refused: 0, wrong: 0, yaw: [] as number[] }
  for (const [index, { name, bytes }] of all.entries()) {
    const before = await seen(landmarker, bytes)
    if (typeof before === 'string') {
      recorder.add({ what: `${name} as it was taken`, refused: before })
      continue
    }
    if (Math.abs(wrapped(before.roll / DEGREE)) > MOST_ROLL) throw new Error(`${name} is no upright portrait`)
    for (const { what, turn, bytes: edited } of await casesOf(bytes, index)) {
      tally.cases++
      const after = await seen(landmarker, edited)
      if (typeof after === 'string') {
        tally.refused++
        recorder.add({ what: `${name}, ${what}`, refused: after })
        continue
      }
      const off = {
        yaw: (after.yaw - before.yaw) / DEGREE,
        pitch: (after.pitch - before.pitch) / DEGREE,
        roll: wrapped((after.roll - before.roll) / DEGREE - turn),
      }
      tally.yaw.push(Math.abs(off.yaw))
      if (Object.entries(SAME).every(([key, most]) => Math.abs(off[key as keyof typeof off]) <= most)) continue
      tally.wrong++
      recorder.add({ what: `${name}, ${what}: accepted wrongly`, ...off })
    }
  }
  landmarker.close()
  recorder.add({
    what: `${all.length} portraits in ${QUARTERS.length} orientations and ${RATIOS.length} aspect ratios`,
    cases: tally.cases,
    accepted_wrongly: tally.wrong,
    refused: tally.refused,
    yaw_off_median: median(tally.yaw),
    yaw_off_worst: Math.max(...tally.yaw),
  })
}

/** The four orientations of the picture as it is, and every aspect ratio in one of them. */
async function casesOf(bytes: Uint8Array, index: number): Promise<Case[]> {
  const turned = async (picture: Uint8Array, turn: number) => sharp(picture).rotate(turn).png().toBuffer()
  const upright = QUARTERS.map(async (turn) => ({ what: `turned by ${turn}`, turn, bytes: await turned(bytes, turn) }))
  const shaped = RATIOS.map(async (ratio, i) => {
    const turn = QUARTERS[(index + i) % QUARTERS.length]
    const { width, height } = await sharp(bytes).metadata()
    const [across, down] = [Math.max(width, Math.round(height * ratio)), Math.max(height, Math.round(width / ratio))]
    // Somewhere along the longer side, different for every case.
    const part = ((7 * index + 3 * i) % 11) / 10
    const canvas = {
      width: across,
      height: down,
      channels: 3 as const,
      background: GROUNDS[(index + i) % GROUNDS.length],
    }
    const input = await sharp(bytes).png().toBuffer()
    const place = { left: Math.round(part * (across - width)), top: Math.round(part * (down - height)) }
    const picture = await sharp({ create: canvas })
      .composite([{ input, ...place }])
      .png()
      .toBuffer()
    return { what: `${across} x ${down} turned by ${turn}`, turn, bytes: await turned(picture, turn) }
  })
  return Promise.all([...upright, ...shaped])
}

/** The pose, or why there is none. */
async function seen(landmarker: Landmarker, bytes: Uint8Array): Promise<Pose | string> {
  try {
    // Small, since the crop itself is not looked at.
    return (await makePortrait(await decodePixels(bytes), { frame: 'own', landmarker, size: 64 })).pose
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
}

const wrapped = (degrees: number) => degrees - 360 * Math.round(degrees / 360)

export default portraits
