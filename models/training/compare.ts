/** How near what is rendered of a head comes to its record. */
import { decodeFloat16 } from '../../src-main/engine/checkpoint/safetensors.ts'
import { castRays } from '../../src-main/engine/generator/rays.ts'
import type { RecordedView } from './records.ts'

export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Peak signal-to-noise ratio in decibels. @param made -1..1, clipped; @param truth 0..1 */
export function psnr(made: Float32Array, truth: Float32Array): number {
  const clip = (value: number) => Math.min(1, Math.max(0, value))
  const error = truth.reduce((sum, value, i) => sum + (clip((made[i] + 1) / 2) - value) ** 2, 0) / truth.length
  return -10 * Math.log10(error)
}

/** How much more of a picture is covered than of the recorded one, as a share of that. @param opacity of the picture's pixels, 0 to 1 */
export function areaError(opacity: Float32Array, { mask }: Pick<RecordedView, 'mask'>): number {
  return mean(Array.from(opacity)) / (mean(Array.from(mask)) / 255) - 1
}

/**
 * How much too deep the pixels are that the head covers as a whole, along the optical axis, world units.
 * @param depth of a square picture's pixels along their rays
 */
export function depthErrors(depth: Float32Array, view: RecordedView): number[] {
  const side = Math.sqrt(depth.length)
  const step = view.size / side
  const recorded = decodeFloat16(view.depth)
  const { directions } = castRays(view.label, side)
  const axis = [2, 6, 10].map((at) => view.label[at])
  const errors: number[] = []
  for (let i = 0; i < depth.length; i++) {
    const pixel = Math.floor((Math.floor(i / side) + 0.5) * step) * view.size + Math.floor(((i % side) + 0.5) * step)
    if (view.mask[pixel] !== 255) continue
    const cosine = axis.reduce((sum, value, k) => sum + value * directions[3 * i + k], 0)
    errors.push(depth[i] * cosine - recorded[pixel])
  }
  return errors
}
