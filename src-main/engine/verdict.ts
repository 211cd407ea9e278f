/** What is said of a head in the window and in every file, whichever front door made it: evidence, verdict, origin. */

import type { Loaded } from '../session/library.ts'
import type { Frame } from './face/template.ts'
import type { Weights } from './generator/generator.ts'
import type { PosedPortrait } from './inversion/posed-portrait.ts'
import { evidenceOf } from './quality/evidence.ts'
import { createRecognition } from './quality/likeness.ts'
import { atOnce } from './quality/turnaround.ts'
import { assess, type Finished, type Quality } from './quality/verdict.ts'
import type { Provenance, Surface } from './surface/surface.ts'

/**
 * The surface with a number for each vertex: how well the photos saw it, 0 invented to 1 seen.
 * @param shots with their cameras as refined
 */
export function markEvidence<S extends Surface>(
  surface: S,
  shots: readonly PosedPortrait[],
  frame: Frame,
): S & Surface {
  return { ...surface, evidence: evidenceOf(surface, shots, frame) }
}

/**
 * Loads the networks that recognise faces, judges and lets go of them: it happens once a head.
 * @param faceRes weights of the perceptual network
 * @param turn for each run of a network
 */
export async function judgeHead(
  { generator }: Loaded,
  finished: Finished,
  faceRes: Weights,
  turn = atOnce,
): Promise<Quality> {
  const recognition = await createRecognition(generator.runtime, faceRes)
  return assess(generator.config, finished, {
    identity: (picture) => turn(() => recognition.identity(picture)),
    faceRes: (picture) => turn(() => recognition.faceRes(picture)),
  })
}

/** What exports say about themselves. */
export function provenanceOf(
  { file, sha256 }: Loaded,
  settings: Provenance['settings'],
  quality?: Quality,
): Provenance & { quality?: Quality } {
  return {
    generated: true,
    generatorName: file.config.name,
    generatorHash: sha256,
    settings,
    ...(quality && { quality }),
  }
}
