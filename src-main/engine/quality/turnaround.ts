/** A head from the photo's camera, from the front and from both sides: rendered once, to be shown and to be judged by. */
import { DEGREE, orbitCamera, zoom } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import type { Planes } from '../generator/plane-layout.ts'
import type { Head } from '../head/head.ts'
import { headView } from '../head/views.ts'
import { toRgb } from '../images/pictures.ts'
import { atOnce } from '../turns.ts'
import type { FacePicture } from './identity.ts'

export interface TurnaroundView extends FacePicture {
  /** Square, of the rendering, which may be smaller than the picture. */
  readonly depth: Float32Array
  readonly opacity: Float32Array
}

export interface Turnaround {
  /** From the photo's camera; null for a person nobody has photographed. */
  readonly input: TurnaroundView | null
  /** By degrees from the front: positive sees the head's left side. Taken in with {@link SURROUNDINGS}. */
  readonly sides: ReadonlyMap<number, TurnaroundView>
}

/** In the order they are shown. */
const ANGLES = [0, -30, 30, -60, 60]
/** Focal length of the views from the front and the sides, in portraits': the whole head is to be seen. */
export const SURROUNDINGS = 0.75
/** Side in rays: the part of a side view that a portrait shows has the 150 pixels the identity network takes. */
const SIDE = 200

/**
 * @param label the photo's camera, 25 numbers
 * @param turn for each view
 */
export async function turnAround(
  generator: Generator,
  planes: Planes,
  head: Head,
  label: Float32Array | null,
  turn = atOnce,
): Promise<Turnaround> {
  const see = async (camera: Float32Array): Promise<TurnaroundView> => {
    const { image, rendering } = await turn(() => headView(generator, planes, head, camera, SIDE))
    const { depth, opacity } = rendering
    return { size: Math.sqrt(image.length / 3), rgb: toRgb(image), depth, opacity }
  }
  const input = label && (await see(label))
  const sides = new Map<number, TurnaroundView>()
  for (const degrees of ANGLES) {
    const label = orbitCamera(generator.config.rendering_kwargs, degrees * DEGREE)
    sides.set(degrees, await see(zoom(label, SURROUNDINGS)))
  }
  return { input, sides }
}
