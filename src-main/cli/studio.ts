/** What heads are made with, loaded once for as many as are wanted, and how a photo becomes one. */
import type { FileSet } from '../engine/files/file-set.ts'
import { Inversion } from '../engine/inversion/inversion.ts'
import type { InversionContext } from '../engine/inversion/inversion-context.ts'
import type { InversionSettings } from '../engine/inversion/inversion-settings.ts'
import { runLoop } from '../engine/inversion/loop.ts'
import { readFaceRes } from '../engine/networks/faceres.ts'
import { createLandmarker, type Landmarker } from '../engine/networks/mediapipe.ts'
import type { Loaded } from '../session/library.ts'
import { words } from '../words/terminal.ts'
import { type GeneratorChoice, openGenerator } from './chosen-generator.ts'
import type { PhotoFile } from './photo-file.ts'
import { posePortraits } from './photos.ts'
import { duration, type Reporter } from './reporter.ts'
import { type Origin, originNote, readUnfinished, UNFINISHED, type Unfinished } from './unfinished.ts'

export interface Studio extends Loaded {
  readonly context: InversionContext
  /** Loaded when it is first asked for: a head that is gone on with has its portraits already. */
  landmarker(): Promise<Landmarker>
}

/** @throws UserError where the provider, the generator or a network cannot be used */
export async function openStudio(options: GeneratorChoice, report: Reporter): Promise<Studio> {
  const loaded = await openGenerator(options, report)
  const { generator, file } = loaded
  let landmarker: Promise<Landmarker> | undefined
  return {
    ...loaded,
    context: { generator, extras: file.extras, faceRes: await readFaceRes() },
    landmarker() {
      landmarker ??= createLandmarker()
      return landmarker
    },
  }
}

/** A head that is wanted. */
export interface HeadOrder {
  /** Of one person. */
  readonly files: readonly PhotoFile[]
  readonly face?: number
  readonly settings: InversionSettings
  readonly origin: Origin
  /** To go on with. */
  readonly resumed?: Unfinished
}

/** @throws UserError where a photo or the checkpoint cannot be used */
export async function beginHead(
  studio: Studio,
  { files, face, settings, resumed }: HeadOrder,
  report: Reporter,
): Promise<Inversion> {
  const { context, sha256 } = studio
  if (!resumed) return Inversion.start(context, await posePortraits(files, face, studio, report), settings)
  const inversion = await Inversion.resume(context, await readUnfinished(resumed), resumed.path, sha256)
  if (settings.steps !== undefined) inversion.steps = settings.steps
  return inversion
}

/** Runs until the head is done or `goesOn` says no; what there is by then is kept in the set's checkpoint. */
export function formHead(
  { sha256 }: Studio,
  inversion: Inversion,
  { origin }: HeadOrder,
  set: FileSet,
  goesOn: () => boolean,
  report: Reporter,
): Promise<void> {
  return runLoop({
    goesOn: () => !inversion.progress.done && goesOn(),
    step: () => inversion.step(),
    show: async ({ step, steps, phase, loss, terms }, secondsPerStep) => {
      const [rate, left] = [1 / secondsPerStep, (steps - step) * secondsPerStep]
      const text = words.cli.pace(step, steps, loss, rate, duration(left))
      report.progress(phase, step, steps, text, { loss, terms, stepsPerSecond: rate, secondsLeft: left })
    },
    save: async () => {
      await inversion.settle('checkpoint')
      await set.write(UNFINISHED, ...inversion.checkpoint(sha256, originNote(origin)))
    },
    now: () => performance.now(),
  })
}
