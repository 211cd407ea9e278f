/**
 * A head from the photo's camera, from the front and from both sides: made once, to be shown and to be judged by. From the
 * photo's camera the rendering is what was fitted; from the sides a head with photos is what is taken along, its surface with
 * the photos on it, which is nearer to the person there than the rendering.
 */
import { FITTED_BLOCKS } from '../checkpoint/config.ts'
import { DEGREE, orbitCamera, zoom } from '../generator/camera.ts'
import type { Generator } from '../generator/generator.ts'
import type { Planes } from '../generator/plane-layout.ts'
import type { Head } from '../head/head.ts'
import { headView } from '../head/views.ts'
import { toRgb } from '../images/pictures.ts'
import type { Surface } from '../surface/mesh.ts'
import { rasterize } from '../surface/rasterize.ts'
import type { Texture } from '../surface/texture/texture.ts'
import { atOnce } from '../turns.ts'
import type { FacePicture } from './identity.ts'
import { drawSurface } from './textured.ts'

export interface TurnaroundView extends FacePicture {
  /** Square, of rays, which may be fewer than the picture's pixels. */
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
/** Side in rays, or pixels: the part of a side view that a portrait shows has the 150 pixels the identity network takes. */
const SIDE = 200

/** What a head with photos looks like from elsewhere. */
export interface Painted {
  readonly surface: Surface
  readonly texture: Texture
}

/**
 * @param label the photo's camera, 25 numbers
 * @param painted absent: the sides are rendered
 * @param turn for each view
 */
export async function turnAround(
  generator: Generator,
  planes: Planes,
  head: Head,
  label: Float32Array | null,
  painted?: Painted,
  turn = atOnce,
): Promise<Turnaround> {
  const render = async (camera: Float32Array): Promise<TurnaroundView> => {
    const { image, rendering } = await headView(generator, planes, head, camera, { side: SIDE, blocks: FITTED_BLOCKS })
    const { depth, opacity } = rendering
    return { size: Math.sqrt(image.length / 3), rgb: toRgb(image), depth, opacity }
  }
  const input = label && (await turn(() => render(label)))
  const sides = new Map<number, TurnaroundView>()
  for (const degrees of ANGLES) {
    const label = zoom(orbitCamera(generator.config.rendering_kwargs, degrees * DEGREE), SURROUNDINGS)
    sides.set(degrees, await turn(async () => (painted ? paintedView(painted, label) : render(label))))
  }
  return { input, sides }
}

/** @param label camera, 25 numbers */
export function paintedView({ surface, texture }: Painted, label: Float32Array): TurnaroundView {
  const { depth } = rasterize(surface, label, SIDE)
  const opacity = depth.map((value) => (Number.isFinite(value) ? 1 : 0))
  return { size: SIDE, rgb: drawSurface(surface, label, SIDE, texture), depth, opacity }
}
