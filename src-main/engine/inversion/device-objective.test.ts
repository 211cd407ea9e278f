/** A portrait's loss of a picture that stays on WebGPU, a software adapter if need be, against the same one on the CPU. */
import { beforeAll, describe, expect, it } from 'vitest'
import { randomWeights, tinyConfig } from '../../../testing/generator.ts'
import { portraitOf } from '../../../testing/portrait.ts'
import { bothRuntimes, largestDifference, problem } from '../../../testing/webgpu.ts'
import { FITTED_BLOCKS, type GeneratorConfig } from '../checkpoint/config.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Generator } from '../generator/generator.ts'
import { uniformArray } from '../random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { PortraitObjective } from './objective.ts'
import { photoGradients } from './photo-gradients.ts'
import { coverage } from './terms/coverage.ts'
import { pixels } from './terms/pixels.ts'

const config = tinyConfig({ rendering_kwargs: { ...tinyConfig().rendering_kwargs, white_back: true } })
const sharpened = tinyConfig({
  ...config,
  image_resolution: 32,
  super_resolution: { class: '4X2X', input_resolution: 8, channels: [3, 2, 2], conv_clamp: 256 },
})
const [SIDE, RAYS, SAMPLES] = [8, 50, 6]
const label = orbitCamera(config.rendering_kwargs, 0.1)
const rendering = {
  ...{ resolution: SIDE, coarse: SAMPLES, fine: SAMPLES },
  pixels: Uint32Array.from({ length: RAYS }, (_, i) => i + 7),
  jitter: { coarse: uniformArray(RAYS * SAMPLES, 1), fine: uniformArray(RAYS * SAMPLES, 2) },
}

async function look(runtime: Runtime, plain: boolean, config: GeneratorConfig) {
  const generator = new Generator(runtime, config, randomWeights(config))
  const terms = { pixels, coverage }
  const objective = await PortraitObjective.create(generator, portraitOf(32), SIDE, plain, new Map(), 'head', terms)
  const ws = generator.repeat(generator.meanLatent)
  const planes = await generator.paint(ws)
  const views = [{ label, objective, rendering: { ...rendering, plain, blocks: FITTED_BLOCKS }, weight: 0.5 }]
  const found = await photoGradients(generator, planes, ws, views, { labels: 1, w: true })
  return { ...found, gradient: await runtime.read(found.planes.values) }
}

describe.skipIf(problem !== undefined)('the loss of a portrait on WebGPU', () => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(async () => {
    const both = await bothRuntimes()
    ;({ cpu, gpu } = both)
    return both.dispose
  })

  it.each([
    ['of the rendering itself', true, config],
    ['of the super-resolution’s picture', false, config],
    ['of the picture before what only sharpens it', false, sharpened],
  ])('%s: values and gradients of the CPU, without the picture', async (_, plain, config) => {
    const [here, there] = [await look(cpu, plain, config), await look(gpu, plain, config)]
    expect(Math.abs(there.loss / here.loss - 1)).toBeLessThan(1e-4)
    expect(Object.keys(there.terms)).toEqual(Object.keys(here.terms))
    for (const [name, value] of Object.entries(here.terms)) {
      expect(Math.abs(there.terms[name] - value), name).toBeLessThan(1e-4 * here.loss)
    }
    expect(largestDifference(there.gradient, here.gradient), 'planes').toBeLessThan(1e-3)
    expect(largestDifference(there.labels[0], here.labels[0]), 'label').toBeLessThan(1e-3)
    if (!plain) expect(largestDifference(there.w, here.w), 'w').toBeLessThan(1e-3)
    expect(there.view).toBeNull()
  })
})
