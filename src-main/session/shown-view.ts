/** A view of a head as the window shows it: on nothing, where its generator paints on white. */
import type { Generator, View } from '../engine/generator/generator.ts'
import { cutOut, jpeg, toRgb } from '../engine/images/pictures.ts'

/** @returns a picture file, and its side in pixels */
export async function shownView(
  { config }: Generator,
  { image, rendering }: Pick<View, 'image' | 'rendering'>,
): Promise<{ bytes: Uint8Array; size: number }> {
  const size = Math.sqrt(image.length / 3)
  const bytes = config.rendering_kwargs.white_back
    ? await cutOut(image, rendering.opacity)
    : await jpeg({ rgb: toRgb(image), width: size, height: size })
  return { bytes, size }
}
