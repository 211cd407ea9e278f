/** A generator whose planes have several layers: gradients against central differences, all the way through. */
import { afterAll, expect, it } from 'vitest'
import { GoldenCase } from '../../../testing/golden-case.ts'
import { background } from '../../../testing/pano-head.ts'
import { checkpoint } from '../../../testing/pickle.ts'
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { expectedWeights, RESAMPLE_FILTER } from '../checkpoint/generator-file.ts'
import { importCheckpoint } from '../checkpoint/import.ts'
import { storeFloat32, toFloat32 } from '../checkpoint/safetensors.ts'
import { normalArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import { orbitCamera } from './camera.ts'
import { Generator, type View, type Weights } from './generator.ts'
import { sliceCount } from './plane-layout.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

const golden = new GoldenCase('tiny2x')

/** The recorded weights, and where planes are painted new ones for every layer, with a decoder that tells places apart. */
function layered(plane_layers: [number, number, number]): { config: GeneratorConfig; weights: Weights } {
  const config = { ...golden.config, plane_layers }
  const weights = new Map(
    [...expectedWeights(config)].map(([name, shape], i) => {
      const recorded = golden.weights.get(name)
      const length = shape.reduce((product, size) => product * size, 1)
      if (recorded?.data.length === length) return [name, { shape, data: recorded.data }]
      const isFilter = name.endsWith('resample_filter')
      return [name, { shape, data: isFilter ? Float32Array.from(RESAMPLE_FILTER) : normalArray(length, 1, i) }]
    }),
  )
  const steep = weights.get('decoder.net.0.weight')!
  weights.set('decoder.net.0.weight', { ...steep, data: steep.data.map((value) => 8 * value) })
  return { config, weights }
}

/** The same network as PanoHead's are published, taken in. */
function asPanoHead({ config, weights }: ReturnType<typeof layered>): ReturnType<typeof layered> {
  const stored = new Map([...weights].map(([name, { shape, data }]) => [name, storeFloat32(data, [...shape])]))
  const bytes = checkpoint(config, new Map([...stored, ...background(config, stored)]), {
    rendering: { white_back: false },
  })
  const { config: found, weights: head } = importCheckpoint(bytes, 'pano.pkl')
  return {
    config: found,
    weights: new Map([...head].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }])),
  }
}

const threefold = layered([3, 3, 3])
const panoHead = asPanoHead(threefold)

const ws = golden.at('det/ws', 0)
// From the side and a little from above, so that every plane's normal counts. Importance samples move with the field, but
// count as constants.
const label = orbitCamera(golden.config.rendering_kwargs, 1.4, 0.2)
const options = { coarse: 12, fine: 0, resolution: 16, plain: true }
const length = 3 * options.resolution ** 2
const [colours, depths, opacities] = [3, 1, 1].map((width, seed) => normalArray((width * length) / 3, seed))

type See = (moved: Float32Array) => Promise<View>
/** How far things are moved, by their norm. */
const STEP = 0.005
/** With the camera samples move too: so little that they stay between the texels and layers they were between. */
const CAMERA_STEP = 0.001
const lossOf = ({ image, rendering: { depth, opacity } }: View) =>
  dot(colours, image) + dot(depths, depth) + dot(opacities, opacity)

it.each([
  { what: 'two, one and three layers', ...layered([2, 1, 3]) },
  { what: 'a PanoHead checkpoint', ...panoHead },
])('$what: has the gradients of planes, code, camera and weights', async ({ config, weights }) => {
  const generator = new Generator(runtime, config, weights)
  const view = await generator.view(ws, label, options)
  const found = await generator.backward(
    view,
    { image: colours, depth: depths, opacity: opacities },
    { label: true, weights: true },
  )
  /** The central difference along the gradient itself, where least of it is lost among roundings. */
  const expectSlope = async (what: string, gradient: Float32Array, from: Float32Array, see: See, step = STEP) => {
    const size = Math.sqrt(dot(gradient, gradient))
    const at = async (h: number) => lossOf(await see(from.map((value, i) => value + (h / size) * gradient[i])))
    const slope = ((await at(step)) - (await at(-step))) / (2 * step)
    expect(Math.abs(slope / size - 1), what).toBeLessThan(0.05)
  }
  const planes = await generator.planes(ws)
  expect(planes.layers).toEqual(config.plane_layers)
  const seePlanes = (data: Float32Array) => generator.view(ws, label, { ...options, planes: { ...planes, data } })
  await expectSlope('planes', found.planes, planes.data, seePlanes)
  const slice = planes.data.length / sliceCount(planes)
  for (const layer of [0, 1]) {
    const part = found.planes.map((value, at) => (Math.floor(at / slice) === layer ? value : 0))
    await expectSlope(`layer ${layer} of the facing plane`, part, planes.data, seePlanes)
  }
  await expectSlope('code', found.ws, ws, (moved) => generator.view(moved, label, options))
  const seeFrom = (moved: Float32Array) => generator.view(ws, moved, options)
  await expectSlope('camera', found.label!, label, seeFrom, CAMERA_STEP)
  for (const name of [
    'backbone.synthesis.b4.torgb.weight',
    'backbone.synthesis.b4.torgb.bias',
    'decoder.net.0.weight',
  ]) {
    const { shape, data } = weights.get(name)!
    await expectSlope(name, found.weights![name], data, (moved) =>
      new Generator(runtime, config, new Map(weights).set(name, { shape, data: moved })).view(ws, label, options),
    )
  }
})

it('a PanoHead checkpoint gives the pictures of the network it holds, on white', async () => {
  const see = ({ config, weights }: typeof panoHead, white_back: boolean) => {
    const rendering_kwargs = { ...config.rendering_kwargs, white_back }
    return new Generator(runtime, { ...config, rendering_kwargs }, weights).view(ws, label, { resolution: 16 })
  }
  const [held, taken] = [await see(threefold, true), await see(panoHead, panoHead.config.rendering_kwargs.white_back)]
  expect(taken.image).toEqual(held.image)
  const opacity = taken.rendering.opacity.reduce((sum, value) => sum + value / taken.rendering.opacity.length, 0)
  expect(opacity).toBeGreaterThan(0.05)
  expect(opacity).toBeLessThan(0.95)
})
