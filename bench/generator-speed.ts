/**
 * The generator's passes on the CPU provider, stage by stage: a full-size generator with random weights (planes 256^2,
 * rays 128^2 x (48 + 48) samples, picture 512^2) and one of the embedded generator's size (rays 64^2 x (24 + 24)).
 */
import { Generator } from '../src-main/engine/generator/generator.ts'
import { Runtime } from '../src-main/engine/runtime/runtime.ts'
import { frontLabel, fullSize, normalArray, randomWeights, smallSize } from './support/random-generators.ts'
import type { Recorder } from './support/recorder.ts'
import { Stages } from './support/stages.ts'

const SIZES = {
  full: { config: fullSize, options: {}, times: 2, points: 1 << 21 },
  small: { config: smallSize, options: { resolution: 64, coarse: 24, fine: 24 }, times: 7, points: 1 << 21 },
}

export default async function generatorSpeed(recorder: Recorder, options: readonly string[]): Promise<void> {
  for (const [size, { config, options: rays, times, points }] of Object.entries(SIZES)) {
    if (options.length > 0 && !options.includes(size)) continue
    const runtime = await Runtime.create({ provider: 'cpu' })
    const stages = new Stages(runtime)
    const generator = new Generator(runtime, config, randomWeights(config))
    const ws = normalArray(config.num_ws * config.w_dim, 2)

    const view = () => generator.view(ws, frontLabel, rays)
    let last = await recorder.time(`${size}: forward`, times, view)
    await stages.record(recorder, `${size}: forward`, view)
    const cotangent = {
      image: normalArray(last.image.length, 3, 1 / last.image.length),
      raw: normalArray(last.raw.length, 4, 1 / last.raw.length),
    }
    for (const [what, want] of [
      ['forward + backward to ws', {}],
      ['forward + backward to ws, camera and all weights', { label: true, weights: true }],
    ] as const) {
      const step = async () => {
        last = await view()
        return generator.backward(last, cotangent, want)
      }
      await recorder.time(`${size}: ${what}`, times, step)
      await stages.record(recorder, `${size}: ${what}`, step)
    }
    const { planes } = last
    const somewhere = normalArray(points * 3, 5, 0.25)
    const density = () => generator.renderer.query(generator.weights, planes, somewhere, 'sigma')
    await recorder.time(`${size}: density`, times, density, ({ cpu }) => ({ points_per_cpu_s: points / cpu }))
    await runtime.dispose()
  }
}
