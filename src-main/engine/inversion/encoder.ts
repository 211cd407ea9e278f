/**
 * Where the latent stage starts: at the code read off the portrait where the generator's file holds a reader, otherwise
 * at the mean latent.
 */
import type { MattedPortrait } from '../face/matted-portrait.ts'
import type { Generator, Weights } from '../generator/generator.ts'
import { Reader } from '../generator/reader.ts'
import { shrink } from '../generator/resample.ts'

/**
 * @param extras of the generator's file
 * @returns [num_ws * w_dim]
 */
export async function startingCode(
  generator: Generator,
  extras: Weights,
  portrait: MattedPortrait,
): Promise<Float32Array> {
  const reader = Reader.among(generator.runtime, extras, generator.config.w_dim)
  if (!reader) return generator.repeat(generator.meanLatent)
  return generator.repeat(await reader.read(shrink(onWhite(portrait), portrait.size, reader.side)))
}

/** [3 * size * size] in 0..1, the person on white. */
function onWhite({ size, rgb, matte }: MattedPortrait): Float32Array {
  const result = new Float32Array(3 * size * size)
  for (let i = 0; i < size * size; i++) {
    for (let channel = 0; channel < 3; channel++) {
      result[channel * size * size + i] = (matte[i] * rgb[i * 3 + channel]) / 255 + 1 - matte[i]
    }
  }
  return result
}
