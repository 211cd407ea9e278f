/** Pictures of a head from any camera, at the size they are worth looking at. */
import type { Generator, View } from '../generator/generator.ts'
import type { Planes } from '../generator/plane-layout.ts'
import { editedCode } from './edit.ts'
import type { Head } from './head.ts'

/** Opacity from which on a pixel shows the head. */
export const OPAQUE = 0.5
/** Side in rays of pictures where the generator has no super-resolution to enlarge them. */
const PLAIN = 256

/**
 * @param planes the head's, as `paintHead` gives them
 * @param side in rays where there is no super-resolution; otherwise the generator's own
 */
export async function headView(
  generator: Generator,
  planes: Planes,
  head: Pick<Head, 'ws' | 'edit'>,
  label: Float32Array,
  side = PLAIN,
): Promise<View> {
  const resolution = generator.config.super_resolution ? undefined : side
  const view = await generator.view(editedCode(generator, head), label, { planes, ...(resolution && { resolution }) })
  return { ...view, image: withoutFrame(view) }
}

/**
 * A view's picture as it is shown. EG3D's upsampling mixes the outermost pixels with the grey beyond the picture, which
 * stands as a thin frame around everything white: where a super-resolution made them, those next to them are repeated.
 */
export function withoutFrame({ image, plain }: Pick<View, 'image' | 'plain'>): Float32Array {
  if (plain) return image
  const side = Math.sqrt(image.length / 3)
  const inside = (at: number) => Math.min(Math.max(at, 1), side - 2)
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
