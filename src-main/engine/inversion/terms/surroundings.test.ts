/** What a photo shows around its crop is asked for there, and nowhere else. */

import { describe, expect, it } from 'vitest'
import type { MattedPortrait } from '../../face/matted-portrait.ts'
import type { Generator, View } from '../../generator/generator.ts'
import { isWithin } from '../ray-selection.ts'
import { CROP, WideObjective } from './surroundings.ts'
import type { Aim } from './term.ts'

const SIZE = 48
const AREA = SIZE * SIZE
const isLeft = (pixel: number) => pixel % SIZE < SIZE / 2
const isKnown = (pixel: number) => pixel >= 6 * SIZE
const isAsked = (pixel: number) => isKnown(pixel) && !isWithin(pixel, SIZE, CROP)
/** The person is the left half, grey; the uppermost rows are made up. */
const wide: MattedPortrait = {
  size: SIZE,
  rgb: new Uint8Array(3 * AREA).fill(128),
  matte: Float32Array.from({ length: AREA }, (_, i) => Number(isLeft(i))),
  valid: Uint8Array.from({ length: AREA }, (_, i) => Number(isKnown(i))),
}
const generator = { config: { rendering_kwargs: { white_back: true } } } as Generator
const view = {
  image: new Float32Array(3 * AREA).fill(0.5),
  rendering: { opacity: new Float32Array(AREA).fill(0.5) },
} as View
const judge = (aim: Aim) => new WideObjective(generator, wide, SIZE, aim).judge(view)
/** Without -0. */
const sign = (value: number) => Math.sign(value) || 0
const all = Array.from({ length: AREA }, (_, i) => i)

describe('what a photo shows around its crop', () => {
  it('pulls colour and opacity there, and neither in the crop nor beyond the photo', async () => {
    const { image, opacity } = (await judge('outline')).gradient
    expect(Array.from(opacity!, sign)).toEqual(all.map((i) => (isAsked(i) ? (isLeft(i) ? -1 : 1) : 0)))
    // The person is darker than the view, the white background lighter.
    expect(Array.from(image!.subarray(0, AREA), sign)).toEqual(all.map((i) => (isAsked(i) ? (isLeft(i) ? 1 : -1) : 0)))
  })

  it('pulls the colours of the person alone where shape may not move', async () => {
    const { image, opacity } = (await judge('colour')).gradient
    expect(opacity).toBeUndefined()
    expect(Array.from(image!.subarray(0, AREA), sign)).toEqual(all.map((i) => Number(isAsked(i) && isLeft(i))))
  })

  it('casts rays to the person there', () => {
    const { inside } = new WideObjective(generator, wide, SIZE, 'outline').rays
    expect(all.filter((i) => isAsked(i) && isLeft(i)).every((i) => inside.includes(i))).toBe(true)
    expect([...inside].some((i) => isWithin(i, SIZE, CROP))).toBe(false)
  })
})
