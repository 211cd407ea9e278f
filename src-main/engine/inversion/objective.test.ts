/** What a portrait asks of a view: everything of a head, and of colour alone only where the person is. */

import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, GoldenCase } from '../../../testing/golden-case.ts'
import { thinFaceRes } from '../../../testing/thin-faceres.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import type { View } from '../generator/generator.ts'
import { Runtime } from '../runtime/runtime.ts'
import { PortraitObjective } from './objective.ts'
import type { Aim } from './terms/term.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const SIZE = 32
const AREA = SIZE * SIZE
const generator = new GoldenCase('tiny2x').generator(runtime)
const { decoder_output_dim: channels } = generator.config
const faceRes = await thinFaceRes()

const isLeft = (pixel: number) => pixel % SIZE < SIZE / 2
/** The person is the left half. */
const portrait: MattedPortrait = {
  size: SIZE,
  rgb: Uint8Array.from({ length: 3 * AREA }, (_, i) => (i * 37) % 256),
  matte: Float32Array.from({ length: AREA }, (_, i) => Number(isLeft(i))),
  valid: new Uint8Array(AREA).fill(1),
}

function viewOf(left: number, right: number): View {
  const image = Float32Array.from({ length: 3 * AREA }, (_, i) => (isLeft(i % AREA) ? left : right))
  const features = Float32Array.from({ length: AREA * channels }, (_, i) =>
    isLeft(Math.floor(i / channels)) ? left : right,
  )
  return { image, rendering: { features, opacity: new Float32Array(AREA).fill(0.5) } } as View
}

const judge = async (aim: Aim, view: View) =>
  (await PortraitObjective.create(generator, portrait, SIZE, true, faceRes, aim)).judge(view)

describe('a portrait', () => {
  it('holds a head to its outline and the background to white', async () => {
    const [near, far] = [await judge('head', viewOf(0.2, 1)), await judge('head', viewOf(0.2, -1))]
    expect(near.loss).toBeLessThan(far.loss)
    const { opacity } = near.gradient
    expect(Array.from(opacity!, Math.sign)).toEqual(Array.from({ length: AREA }, (_, i) => (isLeft(i) ? -1 : 1)))
  })

  it('asks nothing where the photo has ended', async () => {
    // The upper half is made up.
    const isKnown = (pixel: number) => pixel >= AREA / 2
    const cut = { ...portrait, valid: Uint8Array.from({ length: AREA }, (_, i) => Number(isKnown(i))) }
    const objective = await PortraitObjective.create(generator, cut, SIZE, true, faceRes)
    const { image, opacity } = (await objective.judge(viewOf(0.2, 0.5))).gradient
    image!.forEach((value, i) => {
      if (!isKnown(i % AREA)) expect(Math.abs(value)).toBe(0)
    })
    expect(Array.from(opacity!, (value) => value !== 0)).toEqual(Array.from(opacity!, (_, i) => isKnown(i)))
  })

  it('asks nothing of colour beside the person, and nothing of shape', async () => {
    const [one, other] = [await judge('colour', viewOf(0.2, 1)), await judge('colour', viewOf(0.2, -1))]
    expect(one.loss).toBeCloseTo(other.loss, 6)
    expect(one.gradient.opacity).toBeUndefined()
    expectClose(one.gradient.image!, other.gradient.image!, 'gradient')
    one.gradient.image!.forEach((value, i) => {
      if (!isLeft(i % AREA)) expect(value).toBe(0)
    })
    expect((await judge('colour', viewOf(0.3, 1))).loss).not.toBeCloseTo(one.loss, 4)
  })
})
