/** Shape and colour apart on WebGPU, a software adapter if need be, against the processor's way. */
import { beforeAll, describe, expect, it } from 'vitest'
import { randomWeights, tinyConfig } from '../../../testing/generator.ts'
import { bothRuntimes, largestDifference, problem } from '../../../testing/webgpu.ts'
import { normalArray, uniformArray } from '../random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { orbitCamera } from './camera.ts'
import { layoutOf, type Planes, planesLength } from './plane-layout.ts'
import { Renderer } from './renderer.ts'

const kwargs = tinyConfig().rendering_kwargs
const config = tinyConfig({
  num_ws: 6,
  backbone_channels: { 4: 4, 8: 2, 16: 2 },
  plane_resolution: 16,
  plane_channels: 4,
  plane_layers: [4, 1, 1],
  decoder_hidden_dim: 8,
  decoder_output_dim: 5,
  rendering_kwargs: { ...kwargs, white_back: true },
})
const weights = randomWeights(config)
const feeds = Object.fromEntries([...weights].map(([name, { data }]) => [name, data]))
const label = orbitCamera(kwargs, 0.3, 0.1)
const pixels = Uint32Array.from({ length: 37 }, (_, i) => Math.floor((i * 64) / 37))
const look = { resolution: 8, coarse: 8, fine: 6, pixels }
const jitter = { coarse: uniformArray(37 * 8, 1), fine: uniformArray(37 * 6, 2) }
const planesOf = (resolution: number, seed: number) => {
  const layout = { ...layoutOf(config), resolution }
  return { ...layout, data: normalArray(planesLength(layout), seed) }
}
/** Colour finer than shape. */
const planes: Planes = { ...planesOf(32, 3), shape: planesOf(16, 4) }

describe.skipIf(problem !== undefined)('shape and colour apart on WebGPU', () => {
  let cpu: Runtime
  let gpu: Runtime
  beforeAll(async () => {
    const both = await bothRuntimes()
    ;({ cpu, gpu } = both)
    return both.dispose
  })

  it.each([
    ['every feature', 'features' as const, jitter],
    ['colours, evenly sampled', 'colours' as const, undefined],
  ])('%s: what is seen, its picture, and the way colour goes', async (_, wanted, moved) => {
    const options = { ...look, ...(moved && { jitter: moved }), wanted }
    const cotangent = { features: normalArray(37 * (wanted === 'features' ? 5 : 3), 5) }
    const lookOn = async (runtime: Runtime) => {
      const renderer = new Renderer(runtime, config, weights)
      const sight = await renderer.see(feeds, planes, label, options)
      const seen = await renderer.render(feeds, planes, label, { sight, wanted })
      const sum = renderer.planesSum(planes)
      await renderer.backwardInto(sum, 1, feeds, seen.tape, cotangent)
      await renderer.backwardInto(sum, 0.5, feeds, seen.tape, cotangent)
      return { sight, seen, gradient: await runtime.read(sum.values) }
    }
    const [there, here] = [await lookOn(gpu), await lookOn(cpu)]
    expect(there.sight.rows.length).toBe(here.sight.rows.length)
    for (const name of ['features', 'depth', 'opacity'] as const) {
      expect(largestDifference(there.seen[name], here.seen[name]), name).toBeLessThan(2e-5)
    }
    expect(largestDifference(there.gradient, here.gradient), 'gradient').toBeLessThan(2e-5)
  })

  it.each(['sigma', 'colour', 'rgb'] as const)('tell the field at points: %s', async (what) => {
    const points = normalArray(3 * 2100, 6).map((value) => 0.3 * value)
    const queryOn = (runtime: Runtime) => new Renderer(runtime, config, weights).query(feeds, planes, points, what)
    expect(largestDifference(await queryOn(gpu), await queryOn(cpu))).toBeLessThan(2e-5)
  })

  it('are not mistaken for planes of both', async () => {
    const renderer = new Renderer(gpu, config, weights)
    const colour = { ...renderer.resident(planes), isColour: true }
    await expect(renderer.render(feeds, colour, label, look)).rejects.toThrow('colour alone')
  })
})
