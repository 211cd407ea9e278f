/** From the photos named on the command line to what an inversion takes: portraits of one person, best one first. */

import { message } from '../engine/errors.ts'
import { makePortrait, type Portrait } from '../engine/face/portrait.ts'
import { decodePhoto } from '../engine/images/decoder.ts'
import type { PosedPortrait } from '../engine/inversion/posed-portrait.ts'
import { createMatting } from '../engine/networks/matte.ts'
import { portraitTarget } from '../engine/portrait-target.ts'
import { createIdentity, identityDistance, SAME_PERSON } from '../engine/quality/identity.ts'
import type { Runtime } from '../engine/runtime/runtime.ts'
import { type PhotoFile, withPath } from './photo-file.ts'
import type { Reporter } from './reporter.ts'
import type { Studio } from './studio.ts'

interface Taken extends PhotoFile {
  readonly portrait: Portrait
}

/**
 * @param face which face of the photo, 1 being the largest
 * @returns the photos' portraits, the one that is least turned first: it says most about the face
 * @throws UserError where a photo cannot be used; of several photos it names which
 */
export async function takeShots(
  files: readonly PhotoFile[],
  face: number | undefined,
  { generator, ...studio }: Studio,
  report: Reporter,
): Promise<PosedPortrait[]> {
  const { frame } = generator.config
  const landmarker = await studio.landmarker()
  const several = files.length > 1
  const taken: Taken[] = []
  for (const file of files) {
    const portrait = await decodePhoto(file.bytes)
      .then((photo) => makePortrait(photo, { frame, landmarker, face }))
      .catch((cause) => {
        throw several ? withPath(file.path, cause) : cause
      })
    for (const warning of portrait.warnings) {
      const what = several ? message('of-photo', { photo: file.path, what: warning }) : warning
      report.warn(what, { ...warning, photo: file.path })
    }
    taken.push({ ...file, portrait })
  }
  taken.sort((a, b) => Math.abs(a.portrait.pose.yaw) - Math.abs(b.portrait.pose.yaw))
  if (several) await warnOfStrangers(taken, generator.runtime, report)

  const matting = await createMatting(generator.runtime, taken[0].portrait.crop.size)
  const shots: PosedPortrait[] = []
  for (const { portrait } of taken) {
    shots.push({ portrait: await portraitTarget(portrait, matting), label: portrait.camera })
  }
  return shots
}

/** Says which photos seem to show somebody else than the first. */
async function warnOfStrangers(
  [first, ...others]: readonly Taken[],
  runtime: Runtime,
  report: Reporter,
): Promise<void> {
  const identity = await createIdentity(runtime)
  const wanted = await identity(first.portrait.crop)
  for (const { path, portrait } of others) {
    const distance = identityDistance(wanted, await identity(portrait.crop))
    if (distance <= SAME_PERSON) continue
    const values = { photo: path, first: first.path, distance, limit: SAME_PERSON }
    report.warn(message('different-people', values), { photo: path, distance })
  }
}
