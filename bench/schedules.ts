/**
 * Honest sampling: the loss against seconds of three ways to spend the same time on the same portrait in the latent
 * stage: every step as the generator renders its final pictures, every step at a third of the rays and samples, and the
 * pyramid that the qualities use. All are judged alike, by the portrait's objective on a deterministic rendering.
 *
 *   npm run bench -- schedules [CPU seconds each, default 60]
 */

import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPortraitNetworks, mattePortrait } from '../src-main/engine/face/matted-portrait.ts'
import { makePortrait } from '../src-main/engine/face/portrait.ts'
import { decodePixels } from '../src-main/engine/images/photo.ts'
import { startingCode } from '../src-main/engine/inversion/encoder.ts'
import { LatentStage, LatentState } from '../src-main/engine/inversion/latent.ts'
import { PortraitObjective } from '../src-main/engine/inversion/objective.ts'
import { readFaceRes } from '../src-main/engine/networks/faceres.ts'
import { createLandmarker } from '../src-main/engine/networks/mediapipe.ts'
import { productFile } from '../src-main/engine/product-file.ts'
import { uniformArray } from '../src-main/engine/random.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { EMBEDDED, Library } from '../src-main/session/library.ts'
import { type Recorder, startClock } from './support/recorder.ts'

interface Sampling {
  readonly resolution: number
  readonly coarse: number
  readonly fine: number
}

const FULL: Sampling = { resolution: 128, coarse: 48, fine: 48 }
const REDUCED: Sampling = { resolution: 48, coarse: 20, fine: 12 }
const MIDDLE: Sampling = { resolution: 64, coarse: 24, fine: 16 }
const JUDGE: Sampling = { resolution: 96, coarse: 32, fine: 32 }
const RATE = 0.02
/** Judgements over the whole time. */
const POINTS = 6

const SCHEDULES: Record<string, (share: number) => Sampling> = {
  'every step in full (128², 48+48)': () => FULL,
  'every step reduced (48², 20+12)': () => REDUCED,
  'pyramid (48² to 64² to 128²)': (share) => (share < 0.6 ? REDUCED : share < 0.85 ? MIDDLE : FULL),
}

export default async function (recorder: Recorder, [seconds = '60']: readonly string[]): Promise<void> {
  const budget = Number(seconds)
  const runtime = await Runtime.create({ provider: 'cpu' })
  const { generator, file } = await new Library(runtime, join(tmpdir(), 'halfturn-bench')).load(EMBEDDED)
  const faceRes = await readFaceRes()
  const photo = await decodePixels(await readFile(productFile('resources', 'sample-portrait.jpg')))
  const landmarker = await createLandmarker()
  const portrait = await makePortrait(photo, { frame: file.config.frame, landmarker })
  const target = await mattePortrait(portrait, await createPortraitNetworks(runtime, portrait.crop.size))
  const judge = await PortraitObjective.create(generator, target, JUDGE.resolution, true, faceRes)
  const objectives = new Map<number, PortraitObjective>()
  for (const { resolution } of [FULL, MIDDLE, REDUCED]) {
    objectives.set(resolution, await PortraitObjective.create(generator, target, resolution, true, faceRes))
  }
  const start = await startingCode(generator, file.extras, target)

  for (const [name, samplingAt] of Object.entries(SCHEDULES)) {
    const state = new LatentState(start.slice())
    state.shared = false
    const stage = new LatentStage(generator, [portrait.camera], state, {
      terms: {},
      camera: null,
    })
    let spent = 0
    let steps = 0
    for (let point = 0; point <= POINTS; point++) {
      const view = await generator.view(state.ws.slice(), portrait.camera, { ...JUDGE, plain: true })
      const { loss } = await judge.judge(view)
      recorder.add({ what: `${name}, after ${Math.round(spent)} CPU s`, steps, loss })
      while (point < POINTS && spent < (budget * (point + 1)) / POINTS) {
        const sampling = samplingAt(spent / budget)
        const objective = objectives.get(sampling.resolution)!
        const rays = sampling.resolution ** 2
        const jitter = {
          coarse: uniformArray(rays * sampling.coarse, 0, 2 * steps),
          fine: uniformArray(rays * sampling.fine, 0, 2 * steps + 1),
        }
        const clock = startClock()
        const rendering = { ...sampling, jitter, plain: true }
        await stage.step([{ objective, rendering, weight: 1 }], RATE * Math.min(1, 3 * (1 - spent / budget)))
        spent += clock().cpu
        steps++
      }
    }
  }
  await runtime.dispose()
}
