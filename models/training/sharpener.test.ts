/** A third block, trained on heads that were fitted to striped discs. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { orbitCamera } from '../../src-main/engine/generator/camera.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { Reader } from '../../src-main/engine/generator/reader.ts'
import { shrink } from '../../src-main/engine/generator/resample.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { smallTrainingConfig } from '../../testing/small-training.ts'
import { type FittedView, viewFitter } from './fitted-views.ts'
import { initialReader, initialWeights, withThirdBlock } from './network.ts'
import { type RecordedHead, thumbnail } from './records.ts'
import { Sharpener } from './sharpener.ts'

const RENDERED = 40
const SIZE = 4 * RENDERED
const config = smallTrainingConfig(RENDERED)
const sharpened = withThirdBlock(config)
const weights = initialWeights(config, new Map(), 1)
/** Stripes of eight pixels on a disc, whose edges two blocks cannot show. */
const heads = [0, 1, 2].map((seed): RecordedHead => {
  const area = SIZE * SIZE
  const isInside = (pixel: number) => Math.hypot((pixel % SIZE) - SIZE / 2, Math.floor(pixel / SIZE) - SIZE / 2) < 60
  const value = (i: number) => {
    const pixel = Math.floor(i / 3)
    return isInside(pixel) ? 60 + 40 * seed + 80 * (Math.floor(pixel / SIZE / 4) % 2) : 188
  }
  const view = {
    size: SIZE,
    rgb: Uint8Array.from({ length: 3 * area }, (_, i) => value(i)),
    depth: new Uint16Array(area),
    mask: Uint8Array.from({ length: area }, (_, pixel) => (isInside(pixel) ? 255 : 0)),
    normal: new Int8Array(3 * area),
    label: orbitCamera(config.rendering_kwargs, 0),
  }
  return { seed, views: [view] }
})

let runtime: Runtime
let fitted: FittedView
let before: Float32Array
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  const reader = Reader.among(runtime, initialReader(config.w_dim, new Map(), 1, [4, 4, 4]), config.w_dim)!
  const fitViews = await viewFitter(runtime, { config, weights }, reader)
  ;[fitted] = await fitViews(heads[0], heads[0].views)
  const generator = new Generator(runtime, config, weights)
  const w = await reader.read(thumbnail(heads[0].views[0], reader.side))
  before = (await generator.view(generator.repeat(w), heads[0].views[0].label)).image
})
afterAll(() => runtime.dispose())

const missOf = (made: Float32Array, wanted: Float32Array) =>
  made.reduce((sum, value, i) => sum + Math.abs(value - wanted[i]), 0) / made.length

describe('a view that a head is fitted to', () => {
  it('has the recorded picture, and what two blocks make nearer to it than the head was', () => {
    expect(fitted.picture).toHaveLength(3 * SIZE * SIZE)
    expect(fitted.picture[0]).toBe(1)
    const middle = (SIZE / 2) * SIZE + SIZE / 2
    expect(fitted.picture[middle]).toBeCloseTo((2 * heads[0].views[0].rgb[3 * middle]) / 255 - 1, 5)
    const target = shrink(fitted.picture, SIZE, SIZE / 2)
    expect(missOf(fitted.image, target)).toBeLessThan(0.8 * missOf(before, target))
    expect(fitted.x).toHaveLength(6 * (SIZE / 2) ** 2)
  })
})

describe('training a third block', () => {
  it('brings its loss down and leaves all else as it was', async () => {
    const shapes = initialWeights(sharpened, weights, 2)
    // Fitted exactly, so that edges are all there is to learn.
    const image = shrink(fitted.picture, SIZE, SIZE / 2)
    const views = [{ ...fitted, image, x: Float32Array.from([...image, ...image]) }]
    const sharpener = new Sharpener(runtime, sharpened, shapes, views, 3)
    const losses: number[] = []
    for (let step = 0; step < 240; step++) losses.push((await sharpener.step(0.01)).loss)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length
    expect(mean(losses.slice(-20))).toBeLessThan(0.9 * mean(losses.slice(0, 20)))
    const { average } = await sharpener.optimiser.read()
    for (const [name, { data }] of shapes) {
      const isTrained = /block2.*(weight|bias)$/.test(name) && !name.endsWith('affine.weight')
      expect(
        average[name].some((value, i) => value !== data[i]),
        name,
      ).toBe(isTrained)
    }
  })
})
