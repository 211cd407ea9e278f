/** A portrait as a loss compares it: colours, and what counts of them, at the sizes of picture and rendering. */
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { shrink } from '../generator/resample.ts'
import type { Aim } from './terms/term.ts'

/** Target and mask at the picture's size and, where that is not the rendering, at the rendering's; the matte at the latter. */
export function photoTarget(
  portrait: MattedPortrait,
  side: number,
  resolution: number,
  plain: boolean,
  white: boolean,
  aim: Aim,
) {
  // The white background counts a little: it holds the outline, but the person matters. What is half background has
  // nothing to say of the person's colour.
  const count = (alpha: number) => (aim === 'colour' ? Math.max(0, 2 * alpha - 1) : white ? 0.15 + 0.85 * alpha : alpha)
  const { size, rgb, matte, valid } = portrait
  const picture = new Float32Array(3 * size * size)
  const mask = new Float32Array(size * size)
  for (let i = 0; i < size * size; i++) {
    const alpha = white ? matte[i] : 1
    for (let channel = 0; channel < 3; channel++) {
      picture[channel * size * size + i] = alpha * (rgb[i * 3 + channel] / 127.5 - 1) + (1 - alpha)
    }
    mask[i] = valid[i] * count(matte[i])
  }
  const known = Float32Array.from(valid)
  return {
    target: shrink(picture, size, side),
    mask: plain ? shrink(mask, size, side) : withoutBorder(shrink(mask, size, side), side),
    shown: shrink(known, size, side),
    matte: shrink(matte, size, resolution),
    known: shrink(known, size, resolution),
    ...(!plain && {
      'small.target': shrink(picture, size, resolution),
      'small.mask': shrink(mask, size, resolution),
    }),
  }
}

/** 0 in the outermost pixels, which a super-resolution greys and no plane can change (see `withoutFrame`). */
function withoutBorder(mask: Float32Array, side: number): Float32Array {
  const isInner = (at: number) => at > 0 && at < side - 1
  return mask.map((value, i) => (isInner(Math.floor(i / side)) && isInner(i % side) ? value : 0))
}
