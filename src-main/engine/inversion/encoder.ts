/**
 * Where the latent stage starts: at the code read off the portrait where the generator's file holds such a reader (a
 * linear map from a thumbnail: `starter.mean`, then `starter.w.matrix` and `starter.w.offset` to w, or `starter.matrix`
 * to z), otherwise at the mean latent.
 */
import type { MattedPortrait } from '../face/matted-portrait.ts'
import type { Generator, Weights } from '../generator/generator.ts'
import { shrink } from '../generator/resample.ts'
import type { Shape } from '../graph/index.ts'

/** @returns [num_ws * w_dim] */
export async function startingCode(
  generator: Generator,
  extras: Weights,
  portrait: MattedPortrait,
  label: Float32Array,
): Promise<Float32Array> {
  const [mean, toZ, toW, offset] = ['mean', 'matrix', 'w.matrix', 'w.offset'].map((name) =>
    extras.get(`starter.${name}`),
  )
  if (!mean || !toZ) return generator.repeat(generator.meanLatent)
  const thumbnail = shrink(onWhite(portrait), portrait.size, Math.sqrt(mean.data.length / 3))
  const read = ({ shape: [, width], data }: { readonly shape: Shape; readonly data: Float32Array }) => {
    const code = new Float32Array(width)
    thumbnail.forEach((value, i) => {
      const difference = value - mean.data[i]
      for (let k = 0; k < width; k++) code[k] += difference * data[i * width + k]
    })
    return code
  }
  // Straight to w where the file can: the mapping would stretch an uncertain z, which is short, into a caricature.
  if (toW && offset) return generator.repeat(read(toW).map((value, k) => value + offset.data[k]))
  return generator.repeat(await generator.map(read(toZ), label))
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
