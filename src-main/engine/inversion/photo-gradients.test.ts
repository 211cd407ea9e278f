/** Looking at several photos of one person, and giving them one light. */

import { afterAll, describe, expect, it } from 'vitest'
import { expectRelative, GoldenCase } from '../../../testing/golden-case.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { SquaredError } from '../../../testing/squared-error.ts'
import { thinFaceRes } from '../../../testing/thin-faceres.ts'
import { threeBlocks, twoBlocks } from '../../../testing/third-block.ts'
import { FITTED_BLOCKS } from '../checkpoint/config.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { lit, matchColours } from '../face/posed-portrait.ts'
import { normalArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { PortraitObjective } from './objective.ts'
import { photoGradients } from './photo-gradients.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny2x')
const generator = golden.generator(runtime)
const ws = golden.at('det/ws', 0)
const labels = [golden.at('det/c', 0), golden.at('det/c', 1)]

describe('looking at two photos', () => {
  it('gives the mean of the losses and of the gradients of each', async () => {
    const planes = await generator.planes(ws)
    const length = 3 * golden.config.image_resolution ** 2
    const looks = labels.map((label, i) => ({
      label,
      objective: new SquaredError(normalArray(length, i)),
      rendering: {},
      weight: 0.5,
    }))
    const want = { labels: 2, w: true }
    const both = await photoGradients(generator, planes, ws, looks, want)
    const [a, b] = [
      await photoGradients(generator, planes, ws, [{ ...looks[0], weight: 1 }], want),
      await photoGradients(generator, planes, ws, [{ ...looks[1], weight: 1 }], want),
    ]
    expect(both.loss).toBeCloseTo((a.loss + b.loss) / 2, 6)
    expectRelative(
      both.planes.values.data,
      a.planes.values.data.map((value, i) => (value + b.planes.values.data[i]) / 2),
      'planes',
    )
    expectRelative(
      both.w,
      a.w.map((value, i) => (value + b.w[i]) / 2),
      'w',
    )
    for (const [i, { labels }] of [a, b].entries()) {
      expectRelative(
        both.labels[i],
        labels[0].map((value) => value / 2),
        `camera ${i}`,
      )
    }
    expect(both.view!.image).toEqual(a.view!.image)
  })
})

describe('a photo in other light', () => {
  const size = 32
  const area = size * size
  /** A head of soft blots, in the middle third of what can be shown. */
  const head = Float32Array.from({ length: 3 * area }, (_, i) => 0.4 * Math.sin(0.1 * i + i / area) - 0.2)
  const opacity = Float32Array.from({ length: area }, (_, i) => (i % size > 8 ? 1 : 0))
  const photoOf = (gains: readonly number[]): MattedPortrait => ({
    size,
    rgb: Uint8Array.from({ length: 3 * area }, (_, i) => {
      const pixel = Math.floor(i / 3)
      // Where there is no head there is a wall, whose colour says nothing.
      return opacity[pixel] ? Math.round((127.5 * (head[(i % 3) * area + pixel] + 1)) / gains[i % 3]) : 200
    }),
    matte: new Float32Array(area).fill(1),
    valid: new Uint8Array(area).fill(1),
  })

  it('is told by how much, and given the light of the head', () => {
    const gains = [0.8, 1.25, 1.1]
    const found = matchColours(photoOf(gains), head, opacity)
    found.forEach((gain, channel) => {
      expect(gain).toBeCloseTo(gains[channel], 2)
    })
    const [again, wanted] = [lit(photoOf(gains), found).rgb, photoOf([1, 1, 1]).rgb]
    for (let i = 0; i < again.length; i++) {
      if (opacity[Math.floor(i / 3)]) expect(Math.abs(again[i] - wanted[i])).toBeLessThanOrEqual(3)
    }
  })

  it('is not stretched beyond what a photo bears', () => {
    const dark = photoOf([30, 30, 30])
    for (const gain of matchColours(dark, head, opacity)) expect(gain).toBeCloseTo(1.6)
    const bright = lit({ ...dark, rgb: dark.rgb.map(() => 250) }, Float32Array.of(1.6, 1, 0.5))
    expect([...bright.rgb.subarray(0, 3)]).toEqual([255, 250, 125])
  })
})

describe('a generator that sharpens what it shows', () => {
  it('is fitted by the picture before that: loss and gradients are those without, to the bit', async () => {
    const network = await thinFaceRes()
    const portrait = portraitOf(32)
    const [two, three] = await Promise.all(
      [twoBlocks(runtime, 16), threeBlocks(runtime, 16)].map(async (generator) => {
        const objective = await PortraitObjective.create(generator, portrait, 16, false, network)
        const views = [{ label: labels[0], objective, rendering: { blocks: FITTED_BLOCKS }, weight: 1 }]
        const want = { labels: 1, w: true }
        return photoGradients(generator, await generator.planes(ws), ws, views, want)
      }),
    )
    expect(three.loss).toBe(two.loss)
    expect(three.terms).toEqual(two.terms)
    expect(three.planes.values.data).toEqual(two.planes.values.data)
    expect(three.w).toEqual(two.w)
    expect(three.labels).toEqual(two.labels)
    expect(three.view!.image).toEqual(two.view!.image)
  })
})
