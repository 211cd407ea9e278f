/** From a portrait to what an inversion compares with. */

import type { Crop } from './face/crop.ts'
import type { Portrait } from './face/portrait.ts'
import type { PortraitTarget } from './inversion/objective.ts'
import type { Matting } from './networks/matte.ts'

/** Cuts the person out of the crop and of what lies around it. */
export async function portraitTarget({ crop, wide }: Portrait, matting: Matting): Promise<PortraitTarget> {
  return { ...(await cutOut(crop, matting)), wide: await cutOut(wide, matting) }
}

/** Opacities are kept in 256 steps, so that a saved target is the target itself. */
async function cutOut(crop: Crop, matting: Matting): Promise<PortraitTarget> {
  const matte = (await matting(crop)).map((alpha) => Math.round(Math.min(Math.max(alpha, 0), 1) * 255) / 255)
  return { size: crop.size, rgb: crop.rgb, matte, valid: crop.valid }
}
