/** A portrait with the person cut out: what an inversion compares with, and what is kept with a head as its evidence. */
import { WIDE } from '../generator/camera.ts'
import { jpeg } from '../images/pictures.ts'
import { createDescriptor, type Descriptor, readFaceRes } from '../networks/faceres.ts'
import { createMatting, type Matting } from '../networks/matte.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Crop, cutCrop } from './crop.ts'
import type { Portrait } from './portrait.ts'
import { type Relief, reliefMap, reliefOf } from './relief.ts'

export interface MattedPortrait {
  /** Side of `rgb`, `matte` in pixels. */
  readonly size: number
  /** RGB, 8 bits, rows from the top. */
  readonly rgb: Uint8Array
  /** [size * size] 0..1: how much of a pixel is the person. */
  readonly matte: Float32Array
  /** [size * size] 1 where the photo shows the pixel, 0 where it was made up. */
  readonly valid: Uint8Array
  /** The same crop as a JPEG at the photo's resolution, for the texture; absent where that is no finer. */
  readonly fine?: Uint8Array
  /** The same camera's picture {@link WIDE} times as wide; absent where no more than the crop is known. */
  readonly wide?: MattedPortrait
  /** How deep its landmarks lie; absent where that is not known. */
  readonly relief?: Relief
}

/** A photo that has this many times the crop's pixels along a side is kept beside it, for the texture. */
const FINER = 1.2
/** Side of what is kept at most, pixels: a texture shows no more. */
const MOST_SIDE = 2048
/** Of its JPEG: what a photo loses here is below what it has lost as a JPEG already. */
const QUALITY = 96

/** What looks at a portrait before an inversion does. */
export interface PortraitNetworks {
  readonly matting: Matting
  readonly descriptor: Descriptor
}

/**
 * @param size of the crops, pixels a side
 * @throws UserError where weights are missing or damaged
 */
export const createPortraitNetworks = async (runtime: Runtime, size: number): Promise<PortraitNetworks> => ({
  matting: await createMatting(runtime, size),
  descriptor: createDescriptor(runtime, await readFaceRes()),
})

/** Cuts the person out of the crop and of what lies around it, and reads off how deep the face is. */
export async function mattePortrait(
  { crop, photo, pose, frame, landmarks }: Portrait,
  { matting, descriptor }: PortraitNetworks,
): Promise<MattedPortrait> {
  const around = cutCrop(photo, { ...pose, side: WIDE * pose.side }, crop.size)
  const face = await descriptor(crop)
  const relief = reliefOf({ ...landmarks, frame, face }, await reliefMap(), pose)
  const matted = { ...(await cutOut(crop, matting)), wide: await cutOut(around, matting), relief }
  if (pose.side < FINER * crop.size) return matted
  const side = Math.min(MOST_SIDE, Math.round(pose.side))
  const { rgb } = cutCrop(photo, pose, side)
  return { ...matted, fine: await jpeg({ rgb, width: side, height: side }, { quality: QUALITY }) }
}

/** Opacities are kept in 256 steps, so that a saved portrait is the portrait itself. */
async function cutOut({ size, rgb, valid }: Crop, matting: Matting): Promise<MattedPortrait> {
  const matte = (await matting({ size, rgb })).map((alpha) => Math.round(clamp(alpha) * 255) / 255)
  return { size, rgb, matte, valid }
}

const clamp = (value: number) => Math.min(Math.max(value, 0), 1)
