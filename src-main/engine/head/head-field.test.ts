import { readFile } from 'node:fs/promises'
import { afterAll, expect, it } from 'vitest'
import { EMBEDDED } from '../../session/library.ts'
import { readGeneratorFile } from '../checkpoint/generator-file.ts'
import { orbitCamera } from '../generator/camera.ts'
import { Generator } from '../generator/generator.ts'
import { castRays } from '../generator/rays.ts'
import { productFile } from '../product-file.ts'
import { Runtime } from '../runtime/runtime.ts'
import { headField, levelOf } from './head-field.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const { config, weights } = readGeneratorFile(
  await readFile(productFile('models', EMBEDDED, 'generator.safetensors')),
  EMBEDDED,
)
const generator = new Generator(runtime, config, weights)

it('puts the surface where it is seen', async () => {
  const planes = await generator.planes(generator.repeat(generator.meanLatent))
  const level = (await levelOf(generator, planes))!
  const [label, resolution] = [orbitCamera(config.rendering_kwargs, 0.5), 24]
  const { depth, opacity } = await generator.renderer.render(generator.weights, planes, label, { resolution })
  const { origins, directions } = castRays(label, resolution)
  const opaque = [...opacity.keys()].filter((i) => opacity[i] > 0.99)
  expect(opaque.length).toBeGreaterThan(100)
  const { sigma } = headField(generator, planes)
  /** The share of rays that are inside at a distance behind what is seen, world units. */
  const inside = async (behind: number) => {
    const points = opaque.flatMap((i) =>
      [0, 1, 2].map((axis) => origins[3 * i + axis] + (depth[i] + behind) * directions[3 * i + axis]),
    )
    const densities = await sigma(Float32Array.from(points))
    return densities.filter((density) => density > level).length / opaque.length
  }
  // 4 millimetres before and behind, where a head is 250 of them high.
  expect(await inside(-0.01)).toBeLessThan(0.2)
  expect(await inside(0.01)).toBeGreaterThan(0.8)
})

it('knows no level where nothing is to be seen', async () => {
  const bias = new Float32Array(weights.get('decoder.net.2.bias')!.data)
  bias[0] = -1e4
  const empty = new Map(weights).set('decoder.net.2.bias', { shape: [bias.length], data: bias })
  const nothing = new Generator(runtime, config, empty)
  const planes = await nothing.planes(nothing.repeat(nothing.meanLatent))
  expect(await levelOf(nothing, planes)).toBeUndefined()
})
