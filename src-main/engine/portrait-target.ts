/** From a portrait to what an inversion compares with. */

import { type Crop, cutCrop } from './face/crop.ts'
import type { Portrait } from './face/portrait.ts'
import { WIDE } from './generator/camera.ts'
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
export async function portraitTarget({ crop, photo, pose }: Portrait, matting: Matting): Promise<PortraitTarget> {
  const around = cutCrop(photo, { ...pose, side: WIDE * pose.side }, crop.size)
  const target = { ...(await cutOut(crop, matting)), wide: await cutOut(around, matting) }
  if (pose.side < FINER * crop.size) return target
  const side = Math.min(MOST_SIDE, Math.round(pose.side))
  const { rgb } = cutCrop(photo, pose, side)
  return { ...target, fine: await jpeg({ rgb, width: side, height: side }, { quality: QUALITY }) }
}

/** Opacities are kept in 256 steps, so that a saved target is the target itself. */
async function cutOut({ size, rgb, valid }: Crop, matting: Matting): Promise<PortraitTarget> {
  const matte = (await matting({ size, rgb })).map((alpha) => Math.round(clamp(alpha) * 255) / 255)
  return { size, rgb, matte, valid }
}

const clamp = (value: number) => Math.min(Math.max(value, 0), 1)
