/** All terms of the loss, with their weights: where a new one gets its line. */
import { back } from './back.ts'
import { coverage } from './coverage.ts'
import { detailPrior } from './detail-prior.ts'
import { keptColours } from './kept-colours.ts'
import { keptShape } from './kept-shape.ts'
import { latentPrior } from './latent-prior.ts'
import { mirror } from './mirror.ts'
import { perceptual } from './perceptual.ts'
import { pixels } from './pixels.ts'
import { relief } from './relief.ts'
import { shapePrior } from './shape-prior.ts'
import { surroundings } from './surroundings.ts'
import type { CodeTerm, PictureTerm, PlanesTerm, ViewTerm } from './term.ts'

/** Terms are added up in their order; their names are those under which a step reports their values. */
export interface Terms {
  /** Of the picture from each photo's camera, in every phase. */
  readonly picture: Readonly<Record<string, PictureTerm>>
  /** Of the code, while it is found. */
  readonly code: Readonly<Record<string, CodeTerm>>
  /** Of views beside the photos', where planes are bent. */
  readonly views: Readonly<Record<string, ViewTerm>>
  readonly shape: Readonly<Record<string, PlanesTerm>>
  readonly detail: Readonly<Record<string, PlanesTerm>>
}

export const DEFAULT_TERMS = {
  picture: {
    pixels,
    perceptual,
    coverage,
    relief: relief({
      head: 0.003,
      outline: 0.0125,
    }),
  },
  code: { prior: latentPrior(0.02) },
  views: { around: surroundings, mirror: mirror(0.7), back: back({ head: 0.15, outline: 6 }) },
  shape: { sides: keptShape({ opacity: 1, depth: 30 }), prior: shapePrior(0.05) },
  detail: { sides: keptColours(1), prior: detailPrior({ smoothness: 0.05, size: 0.002 }) },
} satisfies Terms
