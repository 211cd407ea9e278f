/** Renderings as one graph against those in parts, on the CPU and, where there is an adapter, on WebGPU. */

import * as ort from 'onnxruntime-node'
import { afterAll, describe, expect, it } from 'vitest'
import { randomWeights, tinyConfig } from '../../../testing/generator.ts'
import { largestDifference, problem } from '../../../testing/webgpu.ts'
import type { Model } from '../graph/index.ts'
import { normalArray, uniformArray } from '../random.ts'
import { Resident } from '../runtime/resident.ts'
import { Runtime } from '../runtime/runtime.ts'
import { orbitCamera } from './camera.ts'
import { GraphRenderer } from './graph-renderer.ts'
import { layoutOf, planesLength } from './plane-layout.ts'
import { PlanesSum } from './planes-sum.ts'
import { Renderer } from './renderer.ts'

const cpu = await Runtime.create({ provider: 'cpu', threads: 1 })
const gpu = problem ? undefined : await Runtime.create({ provider: 'webgpu', allowSoftware: true })
afterAll(async () => {
  await cpu.dispose()
  await gpu?.dispose()
})

const base = {
  num_ws: 6,
  backbone_channels: { 4: 4, 8: 2, 16: 2 },
  plane_resolution: 16,
  plane_channels: 4,
  decoder_hidden_dim: 8,
  decoder_output_dim: 5,
}
const kwargs = tinyConfig().rendering_kwargs
const pixels = Uint32Array.from({ length: 37 }, (_, i) => Math.floor((i * 64) / 37))
const all = (side: number) => Uint32Array.from({ length: side * side }, (_, i) => i)
const jitter = (rays: number) => ({ coarse: uniformArray(rays * 8, 1), fine: uniformArray(rays * 8, 2) })

const scenes = [
  { title: 'every ray', config: tinyConfig(base), options: {} },
  { title: 'some rays, moved samples', config: tinyConfig(base), options: { pixels, jitter: jitter(pixels.length) } },
  {
    title: 'layers, on white',
    config: tinyConfig({ ...base, plane_layers: [3, 1, 2], rendering_kwargs: { ...kwargs, white_back: true } }),
    options: { jitter: jitter(64) },
  },
  {
    title: 'bounds of the box, missed by some rays',
    config: tinyConfig({ ...base, rendering_kwargs: { ...kwargs, ray_start: 'auto', ray_end: 'auto', box_warp: 0.5 } }),
    options: {},
  },
  {
    title: 'depths in disparity, one pass',
    config: tinyConfig({ ...base, rendering_kwargs: { ...kwargs, disparity_space_sampling: true } }),
    options: { fine: 0 },
  },
]

/** Of so many texels that the graph takes the rays in two parts. */
const large = {
  title: 'rays in two parts',
  config: tinyConfig({ ...base, plane_channels: 64 }),
  options: { resolution: 20, coarse: 64, fine: 64, pixels: all(20) },
}

describe.each([
  ['cpu', cpu],
  ['webgpu', gpu],
] as const)('on %s', (_, runtime) => {
  // A software adapter takes too long for what is large.
  it.skipIf(!runtime).each(runtime === cpu ? [...scenes, large] : scenes)(
    '$title: picture and gradients of the renderer in parts',
    async ({ config, options }) => {
      const shapes = randomWeights(config)
      const weights = Object.fromEntries([...shapes].map(([name, { data }]) => [name, data]))
      const planes = { ...layoutOf(config), data: normalArray(planesLength(layoutOf(config)), 4) }
      const label = orbitCamera(config.rendering_kwargs, 0.3, 0.1)
      label[17] = 0.05
      const plan = {
        resolution: 8,
        coarse: 8,
        fine: 8,
        pixels: all(8),
        wanted: 'features' as const,
        ...options,
      }

      const parts = new Renderer(cpu, config, shapes)
      const expected = await parts.render(weights, planes, label, plan)
      const whole = new GraphRenderer(runtime!, config, shapes)
      const actual = await whole.render(weights, new Resident(planes.data), label, plan)
      for (const name of ['features', 'depth', 'opacity'] as const) {
        expect(largestDifference(actual[name], expected[name]), name).toBeLessThan(2e-5)
      }

      const cotangent = {
        features: normalArray(expected.features.length, 5),
        depth: normalArray(expected.depth.length, 6),
        opacity: normalArray(expected.opacity.length, 7),
      }
      const wanted = await parts.backward(weights, expected.tape, cotangent, { label: true, weights: true })
      const sum = new PlanesSum(planes.data.length)
      const found = await whole.backward(weights, actual.tape, cotangent, { label: true, weights: true }, sum)
      await whole.backward(weights, actual.tape, cotangent, {}, sum, 0.5)
      const ofPlanes = await runtime!.read(sum.values)
      expect(
        largestDifference(
          ofPlanes.map((value) => value / 1.5),
          wanted.planes,
        ),
        'planes',
      ).toBeLessThan(2e-5)
      expect(largestDifference(found.label!, wanted.label!), 'label').toBeLessThan(1e-4)
      for (const [name, gradient] of Object.entries(wanted.weights!)) {
        expect(largestDifference(found.weights[name], gradient), name).toBeLessThan(2e-5)
      }
    },
  )
})

it.skipIf(!gpu)('leaves nothing of the largest scene on WebGPU to the CPU', async () => {
  const models: Model[] = []
  const runtime = Object.create(gpu!, {
    compile: {
      value: (model: Model) => {
        models.push(model)
        return gpu!.compile(model)
      },
    },
  }) as Runtime
  const [, , { config, options }] = scenes
  const weights = Object.fromEntries([...randomWeights(config)].map(([name, { data }]) => [name, data]))
  const whole = new GraphRenderer(runtime, config, randomWeights(config))
  const planes = new Resident(new Float32Array(planesLength(layoutOf(config))))
  const plan = { resolution: 8, coarse: 8, fine: 8, pixels: all(8), wanted: 'features' as const, ...options }
  const { tape } = await whole.render(weights, planes, orbitCamera(config.rendering_kwargs, 0), plan)
  await whole.backward(weights, tape, {}, { label: true, weights: true }, new PlanesSum(planes.length))
  expect(models.length).toBe(2)
  for (const { bytes } of models) {
    const strict = { executionProviders: ['webgpu'], extra: { session: { disable_cpu_ep_fallback: '1' } } }
    await (await ort.InferenceSession.create(bytes, strict)).release()
  }
})
