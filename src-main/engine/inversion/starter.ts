/**
 * Where the latent stage starts: at the code read off the portrait where the generator's file holds such a reader (a
 * linear map from a thumbnail, `starter.matrix` and `starter.mean`), otherwise at the mean latent.
 */
import type { Generator, Weights } from '../generator/generator.ts'
import { type PortraitTarget, shrink } from './objective.ts'

/** @returns [num_ws * w_dim] */
export async function startingCode(
  generator: Generator,
  extras: Weights,
  portrait: PortraitTarget,
  label: Float32Array,
): Promise<Float32Array> {
  const [matrix, mean] = [extras.get('starter.matrix'), extras.get('starter.mean')]
  if (!matrix || !mean) return generator.repeat(generator.meanLatent)
  const thumbnail = shrink(onWhite(portrait), portrait.size, Math.sqrt(mean.data.length / 3))
  const [, width] = matrix.shape
  const z = new Float32Array(generator.config.z_dim)
  thumbnail.forEach((value, i) => {
    const difference = value - mean.data[i]
    for (let k = 0; k < width; k++) z[k] += difference * matrix.data[i * width + k]
  })
  return generator.repeat(await generator.map(z, label))
}

/** [3 * size * size] in 0..1, the person on white. */
function onWhite({ size, rgb, matte }: PortraitTarget): Float32Array {
  const result = new Float32Array(3 * size * size)
  for (let i = 0; i < size * size; i++) {
    for (let channel = 0; channel < 3; channel++) {
      result[channel * size * size + i] = (matte[i] * rgb[i * 3 + channel]) / 255 + 1 - matte[i]
    }
  }
  return result
}
