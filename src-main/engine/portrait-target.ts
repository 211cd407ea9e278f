/** From a portrait to what an inversion compares with. */

import { type Crop, cutCrop } from './face/crop.ts'
import type { Portrait } from './face/portrait.ts'
import { jpeg } from './images/pictures.ts'
import type { PortraitTarget } from './inversion/objective.ts'
import type { Matting } from './networks/matte.ts'

/** A photo that has this many times the crop's pixels along a side is kept beside it, for the texture. */
const FINER = 1.2
/** Side of what is kept at most, pixels: a texture shows no more. */
const MOST_SIDE = 2048
/** Of its JPEG: what a photo loses here is below what it has lost as a JPEG already. */
const QUALITY = 96

/** Cuts the person out of the crop and of what lies around it. */
export async function portraitTarget(portrait: Portrait, matting: Matting): Promise<PortraitTarget> {
  const { crop, wide, photo, pose } = portrait
  const target = { ...(await cutOut(crop, matting)), wide: await cutOut(wide, matting) }
  if (pose.side < FINER * crop.size) return target
  const side = Math.min(MOST_SIDE, Math.round(pose.side))
  const { rgb } = cutCrop(photo, pose, side)
  return { ...target, fine: await jpeg({ rgb, width: side, height: side }, { quality: QUALITY }) }
}

/** Opacities are kept in 256 steps, so that a saved target is the target itself. */
async function cutOut(crop: Crop, matting: Matting): Promise<PortraitTarget> {
  const matte = (await matting(crop)).map((alpha) => Math.round(Math.min(Math.max(alpha, 0), 1) * 255) / 255)
  return { size: crop.size, rgb: crop.rgb, matte, valid: crop.valid }
}
