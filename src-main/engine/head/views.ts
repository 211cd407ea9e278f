/** Pictures of a head from any camera, at the size they are worth looking at. */
import type { Generator, View } from '../generator/generator.ts'
import { type Planes, shapeOf } from '../generator/plane-layout.ts'
import { editedCode } from './edit.ts'
import type { Head } from './head.ts'

/** Opacity from which on a pixel shows the head. */
export const OPAQUE = 0.5
/** How it is found out where in a picture the head is: in cells, and with so many of them around those that show any of it. */
const GLANCE = { resolution: 32, coarse: 48, fine: 0, wanted: 'shape' as const }
const TRACE = 1e-3
const ROOM = 2
/** Side in rays of pictures where the generator has no super-resolution to enlarge them. */
const PLAIN = 256

/**
 * @param planes the head's, as `paintHead` gives them
 * @param look side in rays where there is no super-resolution, otherwise the generator's own; and the picture after how many
 *   of the super-resolution's blocks, by default all
 */
export async function headView(
  generator: Generator,
  planes: Planes,
  head: Pick<Head, 'ws' | 'edit'>,
  label: Float32Array,
  { side = PLAIN, blocks }: { readonly side?: number; readonly blocks?: number } = {},
): Promise<View> {
  const { super_resolution, neural_rendering_resolution } = generator.config
  const resolution = super_resolution ? neural_rendering_resolution : side
  const pixels = await pixelsOfHead(generator, planes, label, resolution)
  const view = await generator.view(editedCode(generator, head), label, { planes, resolution, pixels, blocks })
  return { ...view, image: withoutFrame(view) }
}

/**
 * Pixels whose rays may meet the head: half of a picture is empty, and looking along its rays costs as much as along others.
 * @returns nothing where all are worth a ray; on a GPU, where each number of rays has a model of its own
 */
async function pixelsOfHead(
  { renderer, weights, config, runtime }: Generator,
  planes: Planes,
  label: Float32Array,
  side: number,
): Promise<Uint32Array | undefined> {
  if (!config.rendering_kwargs.white_back || runtime.keepsResidents) return undefined
  const { opacity } = await renderer.render(weights, shapeOf(planes), label, GLANCE)
  const cells = GLANCE.resolution
  const isNear = new Uint8Array(cells * cells)
  opacity.forEach((value, cell) => {
    if (value < TRACE) return
    const [row, column] = [Math.floor(cell / cells), cell % cells]
    for (let y = Math.max(row - ROOM, 0); y <= Math.min(row + ROOM, cells - 1); y++) {
      isNear.fill(1, y * cells + Math.max(column - ROOM, 0), y * cells + Math.min(column + ROOM, cells - 1) + 1)
    }
  })
  const cellOf = (at: number) => Math.floor((at * cells) / side)
  const all = Uint32Array.from({ length: side * side }, (_, pixel) => pixel)
  const pixels = all.filter((pixel) => isNear[cellOf(Math.floor(pixel / side)) * cells + cellOf(pixel % side)])
  return pixels.length > 0 && pixels.length < all.length ? pixels : undefined
}

/**
 * A view's picture as it is shown. EG3D's upsampling mixes the outermost pixels with the grey beyond the picture, which
 * stands as a thin frame around everything white: in their place those next to them are repeated.
 */
export function withoutFrame({ image, frame }: Pick<View, 'image' | 'frame'>): Float32Array {
  if (frame === 0) return image
  const side = Math.sqrt(image.length / 3)
  const inside = (at: number) => Math.min(Math.max(at, frame), side - 1 - frame)
  return image.map((_, i) => {
    const [row, column] = [Math.floor(i / side), i % side]
    const channel = Math.floor(row / side) * side
    return image[(channel + inside(row - channel)) * side + inside(column)]
  })
}

/** [n * n] depth and opacity to grey in -1..1, near is light, as a picture of three equal channels. */
export function depthPicture(depth: Float32Array, opacity: Float32Array): Float32Array {
  let near = Number.POSITIVE_INFINITY
  let far = Number.NEGATIVE_INFINITY
  depth.forEach((value, i) => {
    if (opacity[i] < OPAQUE) return
    near = Math.min(near, value)
    far = Math.max(far, value)
  })
  const grey = depth.map((value, i) => {
    const light = far > near ? 1 - (0.75 * (Math.min(Math.max(value, near), far) - near)) / (far - near) : 1
    return 2 * (opacity[i] * light) - 1
  })
  const picture = new Float32Array(3 * grey.length)
  for (let channel = 0; channel < 3; channel++) picture.set(grey, channel * grey.length)
  return picture
}
