/**
 * The stages that bend planes on WebGPU, a software adapter if need be, and on a processor that goes its way: they step as on
 * the CPU, and what they add, its moments and the planes stay in GPU memory.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { randomWeights } from '../../../testing/generator.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { bothRuntimes, largePlanes as config, keeping, problem } from '../../../testing/webgpu.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Generator } from '../generator/generator.ts'
import { layoutOf } from '../generator/plane-layout.ts'
import { uniformArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { DetailStage, DetailState } from './detail.ts'
import { DeviceStage } from './device-stage.ts'
import { PortraitObjective } from './objective.ts'
import { ShapeStage, ShapeState } from './shape-stage.ts'
import { coverage } from './terms/coverage.ts'
import { pixels } from './terms/pixels.ts'
import type { Aim, PosedView } from './terms/term.ts'
import type { Terms } from './terms/terms.ts'

const STEPS = 6
const SIDE = 8
const RAYS = 50
const SAMPLES = 6
const label = orbitCamera(config.rendering_kwargs, 0.1)
const rendering = {
  ...{ resolution: SIDE, coarse: SAMPLES, fine: SAMPLES, plain: true },
  pixels: Uint32Array.from({ length: RAYS }, (_, i) => i + 7),
  jitter: { coarse: uniformArray(RAYS * SAMPLES, 1), fine: uniformArray(RAYS * SAMPLES, 2) },
}
const side = {
  label: orbitCamera(config.rendering_kwargs, 1.2),
  rendering: { resolution: SIDE, coarse: SAMPLES, fine: SAMPLES, pixels: Uint32Array.of(12, 20, 27, 28, 35, 36) },
}

interface Steps {
  readonly found: readonly { loss: number; crossed: number }[]
  readonly added: Float32Array
  readonly best: Float32Array
}

const lengthOf = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))

describe.each([
  ['WebGPU', problem === undefined],
  ['a processor that keeps residents', true],
])('stages that bend planes, on %s', (where, isThere) => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(async () => {
    if (!isThere) return
    if (where === 'WebGPU') {
      const both = await bothRuntimes()
      ;({ cpu, gpu } = both)
      return both.dispose
    }
    cpu = await Runtime.create({ provider: 'cpu', threads: 1 })
    gpu = keeping(cpu)
    return () => cpu.dispose()
  })

  /** The perceptual network alone would take a software adapter seven seconds a step. */
  const viewOf = async (generator: Generator, aim: Aim): Promise<PosedView> => {
    const terms: Terms['picture'] = aim === 'colour' ? { pixels } : { pixels, coverage }
    const objective = await PortraitObjective.create(generator, portraitOf(32), SIDE, true, new Map(), aim, terms)
    return { label, objective, rendering, weight: 1 }
  }

  /** Steps of a stage, on a GPU in its memory. The second step's beginning is kept as the best. */
  async function drive(
    stage: ShapeStage | DetailStage,
    device: DeviceStage | undefined,
    data: Float32Array,
    views: readonly PosedView[],
  ): Promise<Steps> {
    const { runtime } = stage.generator
    const found: { loss: number; crossed: number }[] = []
    let best = data.slice()
    for (let step = 0; step < STEPS; step++) {
      const before = runtime.traffic
      if (step === 1) best = data.slice()
      const { loss } = await (device ?? stage).step(views, 0.05, side)
      if (step === 1) device?.keep()
      const { up, down } = runtime.traffic
      found.push({ loss, crossed: up - before.up + down - before.down })
    }
    await device?.fillState()
    return { found, added: data, best: (await device?.readBest()) ?? best }
  }

  function compare(here: Steps, there: Steps): void {
    expect(here.found[STEPS - 1].loss).toBeLessThan(here.found[0].loss)
    here.found.forEach(({ loss }, step) => {
      expect(Math.abs(there.found[step].loss / loss - 1), `step ${step}`).toBeLessThan(1e-3)
    })
    for (const values of ['added', 'best'] as const) {
      const [expected, actual] = [here[values], there[values]]
      const difference = lengthOf(actual.map((value, i) => value - expected[i]))
      expect(difference / lengthOf(expected), values).toBeLessThan(1e-2)
    }
    if (gpu.provider.name === 'cpu') return
    // What stays is brought there by the first steps. After them so much for each ray crosses, and nothing of the planes: at
    // the default size, of some 5000 rays a step, less than 1 MB.
    const crossed = there.found.slice(3).map((step) => step.crossed)
    expect(Math.max(...crossed)).toBeLessThan(100 * SIDE * SIDE)
    expect(Math.min(...crossed)).toBeGreaterThan(0)
  }

  it.skipIf(!isThere)('the shape stage steps as on the CPU', async () => {
    const steps = async (runtime: Runtime) => {
      const generator = new Generator(runtime, config, randomWeights(config))
      const state = new ShapeState(config)
      const stage = await ShapeStage.create(generator, generator.repeat(generator.meanLatent), state)
      // A random generator's heads hardly differ.
      stage.units.forEach((_, i) => {
        stage.units[i] = 0.05 + (i % 7) / 100
      })
      const device = runtime.keepsResidents ? DeviceStage.shape(stage) : undefined
      return drive(stage, device, state.residual.data, [await viewOf(generator, 'outline')])
    }
    compare(await steps(cpu), await steps(gpu))
  })

  it.skipIf(!isThere)('the detail stage steps as on the CPU', async () => {
    const fine = { ...layoutOf(config), resolution: 64 }
    const steps = async (runtime: Runtime) => {
      const generator = new Generator(runtime, config, randomWeights(config))
      const state = new DetailState(fine)
      const stage = await DetailStage.create(generator, { ws: generator.repeat(generator.meanLatent), label }, state)
      const view = await viewOf(generator, 'colour')
      const { renderer, weights } = generator
      const sight = await renderer.see(weights, stage.pivot, label, rendering)
      const device = runtime.keepsResidents ? DeviceStage.detail(stage) : undefined
      return drive(stage, device, state.detail.data, [{ ...view, rendering: { ...rendering, sight } }])
    }
    compare(await steps(cpu), await steps(gpu))
  })
})
