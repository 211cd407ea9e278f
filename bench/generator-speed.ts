/**
 * The generator's passes on the CPU provider, stage by stage: a full-size generator with random weights (planes 256^2,
 * rays 128^2 x (48 + 48) samples, picture 512^2) and one of the embedded generator's size (rays 64^2 x (24 + 24)).
 */
import { Generator, type View, type ViewGradient } from '../src-main/engine/generator/generator.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { frontLabel, fullSize, normalArray, randomWeights, smallSize } from './support/random-generators.ts'
import type { Cost, Recorder } from './support/recorder.ts'
import { Stages } from './support/stages.ts'

const SIZES = {
  full: { config: fullSize, options: {}, times: 2 },
  small: { config: smallSize, options: { resolution: 64, coarse: 24, fine: 24 }, times: 7 },
}

/** Points along each axis of the grid whose density is asked for. */
const GRID = 128

export default async function generatorSpeed(recorder: Recorder, options: readonly string[]): Promise<void> {
  for (const [size, { config, options: rays, times }] of Object.entries(SIZES)) {
    if (options.length > 0 && !options.includes(size)) continue
    const ws = normalArray(config.num_ws * config.w_dim, 2)
    const weights = randomWeights(config)

    /** Each work on a runtime of its own, whose memory is given back before the next. */
    const measure = async (what: string, workOf: (generator: Generator) => () => Promise<unknown>) => {
      const runtime = await Runtime.create({ provider: 'cpu' })
      const stages = new Stages(runtime)
      const work = workOf(new Generator(runtime, config, weights))
      await recorder.time(`${size}: ${what}`, times, work)
      await stages.record(recorder, `${size}: ${what}`, work)
      await runtime.dispose()
    }
    await measure('forward', (generator) => () => generator.view(ws, frontLabel, { ...rays, keep: false }))
    for (const [what, want] of [
      ['forward + backward to ws', {}],
      ['forward + backward to ws, camera and all weights', { label: true, weights: true }],
    ] as const) {
      await measure(what, (generator) => async () => {
        const view = await generator.view(ws, frontLabel, rays)
        return generator.backward(view, cotangentOf(view), want)
      })
    }
    const runtime = await Runtime.create({ provider: 'cpu' })
    const generator = new Generator(runtime, config, weights)
    const planes = await generator.planes(ws)
    const grid = gridPoints()
    const density = () => generator.renderer.query(generator.weights, planes, grid, 'sigma')
    const rate = ({ cpu }: Cost) => ({ points_per_cpu_s: grid.length / 3 / cpu })
    await recorder.time(`${size}: density`, times, density, rate)
    await runtime.dispose()
  }
}

/** The size of a mean's gradient. */
function cotangentOf({ image, raw }: View): ViewGradient {
  return {
    image: new Float32Array(image.length).fill(1 / image.length),
    raw: new Float32Array(raw.length).fill(1 / raw.length),
  }
}

/** The points of a cube around the head, [GRID^3 * 3], x fastest: as surfaces ask for the density. */
function gridPoints(): Float32Array {
  const along = (index: number) => (index + 0.5) / GRID - 0.5
  const points = new Float32Array(3 * GRID ** 3)
  for (let i = 0; i < GRID ** 3; i++) {
    points.set([along(i % GRID), along(Math.floor(i / GRID) % GRID), along(Math.floor(i / GRID ** 2))], 3 * i)
  }
  return points
}
