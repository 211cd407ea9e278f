/** From the photos named on the command line to what an inversion takes: portraits of one person, best one first. */

import { message } from '../engine/errors.ts'
import { frontalFirst } from '../engine/face/frontal-first.ts'
import { createPortraitNetworks, mattePortrait } from '../engine/face/matted-portrait.ts'
import { makePortrait, type Portrait } from '../engine/face/portrait.ts'
import type { PosedPortrait } from '../engine/face/posed-portrait.ts'
import type { Generator } from '../engine/generator/generator.ts'
import { decodePhoto } from '../engine/images/decoder.ts'
import type { Landmarker } from '../engine/networks/mediapipe.ts'
import { createIdentity, strangerWarning } from '../engine/quality/identity.ts'
import type { Runtime } from '../engine/runtime/runtime.ts'
import { type PhotoFile, withPath } from './photo-file.ts'
import type { Reporter } from './reporter.ts'

interface Taken extends PhotoFile {
  readonly portrait: Portrait
}

/**
 * @param face which face of the photo, 1 being the largest
 * @returns the photos' portraits, the least turned one first
 * @throws UserError where a photo cannot be used; of several photos it names which
 */
export async function posePortraits(
  files: readonly PhotoFile[],
  face: number | undefined,
  { generator, landmarker }: { readonly generator: Generator; landmarker(): Promise<Landmarker> },
  report: Reporter,
): Promise<PosedPortrait[]> {
  const { frame } = generator.config
  const several = files.length > 1
  const found: Taken[] = []
  for (const file of files) {
    const refuse = (cause: unknown): never => {
      throw several ? withPath(file.path, cause) : cause
    }
    // Decoding is another process's work: the landmarker loads meanwhile.
    const [photo, lent] = await Promise.all([decodePhoto(file.bytes).catch(refuse), landmarker()])
    const portrait = await makePortrait(photo, { frame, landmarker: lent, face }).catch(refuse)
    for (const warning of portrait.warnings) {
      const what = several ? message('of-photo', { photo: file.path, what: warning }) : warning
      report.warn(what, { ...warning, photo: file.path })
    }
    found.push({ ...file, portrait })
  }
  const taken = frontalFirst(found, ({ portrait }) => portrait.pose.yaw)
  if (several) await warnOfStrangers(taken, generator.runtime, report)

  const networks = await createPortraitNetworks(generator.runtime, taken[0].portrait.crop.size)
  const portraits: PosedPortrait[] = []
  for (const { portrait } of taken) {
    portraits.push({ portrait: await mattePortrait(portrait, networks), label: portrait.camera })
  }
  return portraits
}

/** Says which photos seem to show somebody else than the first. */
async function warnOfStrangers(
  [first, ...others]: readonly Taken[],
  runtime: Runtime,
  report: Reporter,
): Promise<void> {
  const identity = await createIdentity(runtime)
  const described = async ({ path, portrait }: Taken) => ({ name: path, descriptor: await identity(portrait.crop) })
  const wanted = await described(first)
  for (const other of others) {
    const warning = strangerWarning(await described(other), wanted)
    if (warning) report.warn(warning, { photo: other.path, distance: warning.values.distance })
  }
}
