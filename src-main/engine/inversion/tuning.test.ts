/** Tuning weights: downhill, by the loss's gradient, and without a trace on the generator. */
import { afterAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../generator/golden-case.ts'
import { Runtime } from '../runtime/runtime.ts'
import type { Objective } from './objective.ts'
import { TuningState, tune } from './tuning.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const generator = golden.generator(runtime)
const [ws, label] = [golden.at('det/ws', 0), golden.at('det/c', 0)]
const rendering = { resolution: 16, coarse: 8, fine: 0, plain: true }

/** Half the mean square of the picture: wants it grey. */
const grey: Objective = {
  judge: async ({ image }) => ({
    loss: image.reduce((sum, value) => sum + value * value, 0) / (2 * image.length),
    terms: {},
    gradient: { image: image.map((value) => value / image.length) },
  }),
}
const step = (state: TuningState, rate: number) =>
  tune(generator, ws, state, [{ label, objective: grey, rendering, weight: 1 }], rate)

describe('tuning the weights', () => {
  it('begins at the planes of the pivot, and goes down', async () => {
    const state = new TuningState(generator)
    const first = await step(state, 0.08)
    expect(first.planes.data).toEqual((await generator.planes(ws)).data)
    const losses = [first.loss]
    for (let i = 0; i < 4; i++) losses.push((await step(state, 0.08)).loss)
    expect(losses).toEqual([...losses].sort((a, b) => b - a))
    expect(losses[4]).toBeLessThan(losses[0])
  })

  it('follows the gradient of the loss', async () => {
    const state = new TuningState(generator)
    const { loss } = await step(state, 0)
    const gradient = state.adam.first.map((value) => value / (1 - 0.9))
    // Along the gradient the loss changes by its square.
    const square = gradient.reduce((sum, g) => sum + g * g, 0)
    const along = async (size: number) => {
      const moved = new TuningState(generator)
      moved.values.forEach((value, i) => {
        moved.values[i] = value + size * gradient[i]
      })
      return (await step(moved, 0)).loss
    }
    const size = (0.01 * loss) / square
    const slope = ((await along(size)) - (await along(-size))) / (2 * size)
    expect(slope / square).toBeGreaterThan(0.95)
    expect(slope / square).toBeLessThan(1.05)
  })

  it('leaves the generator as it was', async () => {
    const before = await generator.planes(ws)
    const state = new TuningState(generator)
    await step(state, 0.08)
    const tuned = await generator.planes(ws, undefined, state.weights)
    expect(tuned.data).not.toEqual(before.data)
    expect((await generator.planes(ws)).data).toEqual(before.data)
  })
})
