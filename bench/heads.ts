/**
 * How well the landmarks tell the camera: photos of heads of the procedural head model, each from a known camera, through
 * the face front end. Both cameras are compared as seen from the point the portrait camera looks at. How true the heads
 * made from such photos are is the benchmark `fidelity`.
 *
 * `npm run bench -- heads [--heads 50] [--first 900000]`
 */

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { UserError } from '../src-main/engine/errors.ts'
import { makePortrait } from '../src-main/engine/face/portrait.ts'
import { DEGREE } from '../src-main/engine/generator/camera.ts'
import { decodePixels } from '../src-main/engine/images/photo.ts'
import { createLandmarker } from '../src-main/engine/networks/mediapipe.ts'
import { median, type Recorder } from './support/recorder.ts'
import { seedsOf, type TrueHead, trueHeads } from './support/truth.ts'

/** What portrait cameras of the frame 'own' look at. */
const TARGET = [0, 0, 0.2]

/** Where a camera stands; degrees. */
interface Direction {
  readonly yaw: number
  readonly pitch: number
  readonly unit: readonly number[]
  /** World units. */
  readonly distance: number
}

export default async function heads(recorder: Recorder, options: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...options],
    options: { heads: { type: 'string', default: '50' }, first: { type: 'string', default: '900000' } },
  })
  const seeds = seedsOf(values)
  recorder.add({ what: 'load average before', minute: loadavg()[0], five_minutes: loadavg()[1] })
  const landmarker = await createLandmarker()
  const found: { yaw: number; pitch: number; roll: number; angle: number; distance: number; rms: number }[] = []
  for (const head of await trueHeads(seeds)) {
    const what = `head ${head.seed}`
    try {
      const portrait = await makePortrait(await decodePixels(head.photos[0]), { frame: 'own', landmarker })
      const [seen, real] = [directionOf(portrait.camera), directionOf(head.photoLabel)]
      const cosine = seen.unit.reduce((sum, value, i) => sum + value * real.unit[i], 0)
      const errors = {
        yaw: seen.yaw - real.yaw,
        pitch: seen.pitch - real.pitch,
        roll: portrait.pose.roll / DEGREE - rollOf(head),
        angle: Math.acos(Math.min(cosine, 1)) / DEGREE,
        distance: 100 * (seen.distance / real.distance - 1),
        rms: portrait.pose.rms,
      }
      found.push(errors)
      const warnings = portrait.warnings.map(({ code }) => code).join(' ')
      const truth = { true_yaw: real.yaw, true_pitch: real.pitch, true_distance: real.distance }
      recorder.add({ what, ...truth, ...errors, ...(warnings && { warnings }) })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      recorder.add({ what, refused: error.message })
    }
  }
  landmarker.close()
  recorder.add({
    what: `${found.length} of ${seeds.length} photos were accepted; degrees from here on, distances in percent`,
  })
  for (const key of ['yaw', 'pitch', 'roll', 'angle', 'distance'] as const) {
    const errors = found.map((errors) => errors[key])
    const sizes = errors.map(Math.abs).toSorted((a, b) => a - b)
    recorder.add({
      what: `error of the ${key === 'angle' ? 'direction' : key}`,
      median: median(sizes),
      mean: mean(sizes),
      p90: sizes[Math.floor(0.9 * (sizes.length - 1))],
      worst: sizes.at(-1) ?? Number.NaN,
      ...(key !== 'angle' && { bias: mean(errors) }),
    })
  }
  recorder.add({ what: 'load average after', minute: loadavg()[0], five_minutes: loadavg()[1] })
}

/** Where a camera stands, seen from the target. */
function directionOf(label: Float32Array): Direction {
  const offset = [label[3], label[7], label[11]].map((value, i) => value - TARGET[i])
  const distance = Math.hypot(...offset)
  const unit = offset.map((value) => value / distance)
  return { yaw: Math.atan2(unit[0], unit[2]) / DEGREE, pitch: Math.asin(unit[1]) / DEGREE, unit, distance }
}

/** How far the head lies on its side in the photo, clockwise, degrees. */
function rollOf({ photoLabel }: TrueHead): number {
  // The world's up in the camera's axes, which point right and down.
  return Math.atan2(photoLabel[4], -photoLabel[5]) / DEGREE
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
