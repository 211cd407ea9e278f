/**
 * How good a finished head is, as far as that can be known without the truth: figures, recognised failures, and what to
 * think of it.
 */

import type { GeneratorConfig } from '../checkpoint/config.ts'
import { type Message, message } from '../errors.ts'
import { cutCrop } from '../face/crop.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { DEGREE, orbitCamera } from '../generator/camera.ts'
import { shrink } from '../inversion/objective.ts'
import type { Surface } from '../surface/surface.ts'
import { type Form, formOf, type Silhouette, silhouetteOf } from './form.ts'
import { type FacePicture, identityDistance, SAME_PERSON } from './identity.ts'
import { cosine, psnr, type Recognition } from './likeness.ts'
import { SURROUNDINGS, type Turnaround } from './turnaround.ts'

export interface Assessment {
  readonly verdict: Verdict
  /** Why, and what to do about it. */
  readonly reason: Message
  /** What went wrong; empty unless the verdict is `failed`. */
  readonly failures: readonly Failure[]
  readonly figures: Figures
}

/** `good`: use it. `uncertain`: look at it first. `failed`: do it again, differently. */
export type Verdict = 'good' | 'uncertain' | 'failed'

export const failures = ['black', 'grey', 'flat', 'holes', 'spikes', 'unconverged'] as const
export type Failure = (typeof failures)[number]

export interface Figures extends Form, Silhouette {
  /** The picture from the photo's camera against the photo. */
  readonly input: {
    /** Inside the person's outline, decibels. */
    readonly psnr: number
    /** Cosine of FaceRes' descriptors, 1 alike. */
    readonly faceRes: number
    /** Distance of dlib's descriptors, 0 alike. */
    readonly identity: number
  }
  /** Distance of dlib's descriptors between the photo and renderings so many degrees from the front. */
  readonly views: readonly { readonly degrees: number; readonly identity: number }[]
  /** How far round its camera stands from the front, degrees; positive shows more of the person's left side. */
  readonly turned: number
  /** Mean and standard deviation of the head's picture, levels of 255. */
  readonly brightness: number
  readonly contrast: number
  /** Mean evidence over the surface, 0..1. */
  readonly seen: number
}

/** What a finished head is judged by. */
export interface Finished {
  /** Rendered with the photo's camera. */
  readonly around: Turnaround
  /** That camera, 25 numbers. */
  readonly label: Float32Array
  readonly portrait: MattedPortrait
  /** With its evidence, where that is known. */
  readonly surface: Surface
}

const LIMITS = {
  /** Mean of a picture that shows nothing but black. */
  black: 8,
  /** Standard deviation of a picture that shows nothing but one colour. */
  grey: 6,
  /** Millimetres; heads have 40 and more. */
  relief: 20,
  holes: 0.005,
  floaters: 0.03,
  spikes: 0.002,
  /** Decibels: the generator's mean head would do as well. Real photos have 17 and more when the likeness is good. */
  unconverged: 13,
  /** Two photos of one person are 0.4 to 0.5 apart; a picture made from the photo should be nearer. */
  likeness: 0.45,
  /** Even a true head differs that much from its own front at 60 degrees: 0.38 to 0.57 on ten heads. */
  steep: 0.75,
  /** Millimetres; finished heads have 0.05 to 0.15. */
  roughness: 0.4,
  turned: 30,
}

/** Compares what is seen of a head with its photo, measures its surface, and judges. */
export async function assess(
  { rendering_kwargs: orbit }: GeneratorConfig,
  { around, label, portrait, surface }: Finished,
  { identity, faceRes }: Recognition,
): Promise<Assessment> {
  const { input, sides } = around
  if (!input) throw new Error('a head is judged by its photo: look around with its camera')
  const photo = pictureOf(portrait, orbit.white_back)
  const wanted = await identity(photo)
  const likeness = async (picture: FacePicture) => identityDistance(wanted, await identity(picture))
  const views: { degrees: number; identity: number }[] = []
  for (const [degrees, seen] of sides) {
    // Of a side view what a portrait would show: networks want the face where they know it.
    if (degrees === 0) continue
    const side = SURROUNDINGS * seen.size
    views.push({ degrees, identity: await likeness(middle(seen, side, Math.round(side))) })
  }

  const shown = middle(photo, photo.size, input.size)
  const weight = shrink(
    portrait.matte.map((alpha, i) => alpha * portrait.valid[i]),
    portrait.size,
    input.size,
  )
  const outlines = [input, ...sides.values()].map(({ opacity }) => silhouetteOf(opacity))
  const { evidence } = surface
  return judge({
    ...formOf(surface, orbitCamera(orbit, 0)),
    ...tones(input.rgb, weight),
    input: {
      psnr: psnr(input.rgb, shown.rgb, weight),
      faceRes: cosine(await faceRes(input), await faceRes(shown)),
      identity: await likeness(input),
    },
    views,
    turned: Math.atan2(label[3], label[11]) / DEGREE,
    holes: Math.max(...outlines.map(({ holes }) => holes)),
    floaters: Math.max(...outlines.map(({ floaters }) => floaters)),
    seen: evidence ? evidence.reduce((sum, value) => sum + value, 0) / evidence.length : 0,
  })
}

/** What the figures say. */
export function judge(figures: Figures): Assessment {
  const { input, views, turned } = figures
  const signs: Record<Failure, boolean> = {
    black: figures.brightness < LIMITS.black,
    grey: figures.contrast < LIMITS.grey,
    flat: figures.relief < LIMITS.relief,
    holes: figures.holes > LIMITS.holes,
    spikes: figures.spikes > LIMITS.spikes,
    // Not below the limit: a picture of NaN has no ratio.
    unconverged: !(input.psnr > LIMITS.unconverged && input.identity < SAME_PERSON),
  }
  const found = failures.filter((failure) => signs[failure])
  if (found.length > 0) return { verdict: 'failed', reason: message(`head-${found[0]}`), failures: found, figures }

  const doubt = (reason: Message): Assessment => ({ verdict: 'uncertain', reason, failures: [], figures })
  if (Math.abs(turned) > LIMITS.turned) {
    return doubt(message('photo-from-the-side', { degrees: Math.round(Math.abs(turned)) }))
  }
  if (input.identity > LIMITS.likeness) return doubt(message('likeness-weak'))
  const drifted = views.filter(
    ({ degrees, identity }) => identity > (Math.abs(degrees) > 45 ? LIMITS.steep : SAME_PERSON),
  )
  if (drifted.length > 0) {
    return doubt(message('sides-unlike', { angles: drifted.map(({ degrees }) => degrees) }))
  }
  if (figures.floaters > LIMITS.floaters) return doubt(message('head-floaters'))
  if (figures.roughness > LIMITS.roughness) return doubt(message('head-rough'))
  return { verdict: 'good', reason: message('head-good'), failures: [], figures }
}

/** The portrait as the generator's pictures are: on white where it paints on white. */
function pictureOf({ size, rgb, matte }: MattedPortrait, white: boolean): FacePicture {
  if (!white) return { size, rgb }
  return {
    size,
    rgb: rgb.map((value, i) => {
      const alpha = matte[Math.floor(i / 3)]
      return Math.round(alpha * value + (1 - alpha) * 255)
    }),
  }
}

/** The middle of a picture, `side` of its pixels wide, resized. */
function middle({ size, rgb }: FacePicture, side: number, to: number): FacePicture {
  return cutCrop({ width: size, height: size, rgb }, { centre: [size / 2, size / 2], side, roll: 0 }, to)
}

/** Mean and standard deviation of a picture's levels. */
function tones(rgb: Uint8Array, weight: Float32Array): { brightness: number; contrast: number } {
  let [total, sum, squares] = [0, 0, 0]
  for (let i = 0; i < rgb.length; i++) {
    const w = weight[Math.floor(i / 3)]
    total += w
    sum += w * rgb[i]
    squares += w * rgb[i] * rgb[i]
  }
  const brightness = total === 0 ? 0 : sum / total
  return { brightness, contrast: Math.sqrt(Math.max(0, squares / Math.max(total, 1) - brightness * brightness)) }
}
