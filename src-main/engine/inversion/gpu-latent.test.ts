/** The latent stage on WebGPU, a software adapter if need be: it goes the CPU's way, and what is large stays on the GPU. */
import { beforeAll, describe, expect, it } from 'vitest'
import { randomWeights } from '../../../testing/generator.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { bothRuntimes, largePlanes as config, problem } from '../../../testing/webgpu.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Generator } from '../generator/generator.ts'
import { layoutOf, planesLength } from '../generator/plane-layout.ts'
import { uniformArray } from '../random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { LatentStage, LatentState } from './latent.ts'
import { PortraitObjective } from './objective.ts'
import { coverage } from './terms/coverage.ts'
import { pixels } from './terms/pixels.ts'

// The perceptual network alone would take a software adapter seven seconds a step.
const terms = { pixels, coverage }
const STEPS = 10
const SIDE = 8
const RAYS = 50
const SAMPLES = 6

describe.skipIf(problem !== undefined)('the latent stage on WebGPU', () => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(async () => {
    const both = await bothRuntimes()
    ;({ cpu, gpu } = both)
    return both.dispose
  })

  /** One w, then one for every layer, and the camera. */
  async function steps(runtime: Runtime) {
    const generator = new Generator(runtime, config, randomWeights(config))
    const objective = await PortraitObjective.create(generator, portraitOf(32), SIDE, true, new Map(), 'head', terms)
    const state = new LatentState(generator.repeat(generator.meanLatent))
    const options = { terms: {}, camera: { rate: 0.05, prior: 1e-3 } }
    const stage = new LatentStage(generator, [orbitCamera(config.rendering_kwargs, 0.1)], state, options)
    const rays = Uint32Array.from({ length: RAYS }, (_, i) => i + 7)
    const found: { loss: number; crossed: number }[] = []
    for (let step = 0; step < STEPS; step++) {
      state.shared = step < STEPS / 2
      const jitter = { coarse: uniformArray(RAYS * SAMPLES, step), fine: uniformArray(RAYS * SAMPLES, step, 1) }
      const rendering = { resolution: SIDE, coarse: SAMPLES, fine: SAMPLES, plain: true, pixels: rays, jitter }
      const before = runtime.traffic
      const { loss } = await stage.step([{ objective, rendering, weight: 1 }], 0.02)
      const { up, down } = runtime.traffic
      found.push({ loss, crossed: up - before.up + down - before.down })
    }
    return { state, found }
  }

  it('takes ten steps as on the CPU, without its planes', async () => {
    const [here, there] = [await steps(cpu), await steps(gpu)]
    expect(here.found[STEPS - 1].loss).toBeLessThan(here.found[0].loss)
    here.found.forEach(({ loss }, step) => {
      expect(Math.abs(there.found[step].loss / loss - 1), `step ${step}`).toBeLessThan(1e-3)
    })
    for (const values of ['ws', 'cameras'] as const) {
      const difference = here.state[values].map((value, i) => Math.abs(value - there.state[values][i]))
      expect(Math.max(...difference), values).toBeLessThan(5e-3)
    }
    // What stays is brought there by the first step. Neither planes nor samples cross after it.
    const crossed = there.found.slice(1).map((step) => step.crossed)
    const samples = RAYS * 2 * SAMPLES * config.plane_channels
    expect(Math.max(...crossed)).toBeLessThan(4 * Math.min(planesLength(layoutOf(config)), samples))
    expect(Math.min(...crossed)).toBeGreaterThan(0)
  })
})
