/** A generator whose planes have several layers: gradients against central differences, all the way through. */
import { afterAll, expect, it } from 'vitest'
import { GoldenCase } from '../../../testing/golden-case.ts'
import { expectedWeights } from '../checkpoint/generator-file.ts'
import { normalArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import { orbitCamera } from './camera.ts'
import { Generator, type View } from './generator.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

const golden = new GoldenCase('tiny2x')
const config = { ...golden.config, plane_layers: [2, 1, 3] as [number, number, number] }
// The recorded weights, and where planes are painted new ones for every layer.
const weights = new Map(
  [...expectedWeights(config)].map(([name, shape], i) => {
    const recorded = golden.weights.get(name)
    const length = shape.reduce((product, size) => product * size, 1)
    const data = recorded?.data.length === length ? recorded.data : normalArray(length, 1, i)
    return [name, { shape, data }]
  }),
)
// A decoder that tells places apart.
const steep = weights.get('decoder.net.0.weight')!
weights.set('decoder.net.0.weight', { ...steep, data: steep.data.map((value) => 8 * value) })
const generator = new Generator(runtime, config, weights)
const ws = golden.at('det/ws', 0)
// From the side and a little from above, so that every plane's normal counts. Importance samples move with the field, but
// count as constants.
const label = orbitCamera(config.rendering_kwargs, 1.4, 0.2)
const options = { coarse: 12, fine: 0, resolution: 16, plain: true }
const length = 3 * options.resolution ** 2
const [colours, depths, opacities] = [3, 1, 1].map((width, seed) => normalArray((width * length) / 3, seed))

type See = (moved: Float32Array) => Promise<View>
/** How far things are moved, by their norm. */
const STEP = 0.005
const lossOf = ({ image, rendering: { depth, opacity } }: View) =>
  dot(colours, image) + dot(depths, depth) + dot(opacities, opacity)

it('has the gradients of planes, code, camera and weights', async () => {
  const view = await generator.view(ws, label, options)
  const found = await generator.backward(
    view,
    { image: colours, depth: depths, opacity: opacities },
    { label: true, weights: true },
  )
  /** The central difference along the gradient itself, where least of it is lost among roundings. */
  const expectSlope = async (what: string, gradient: Float32Array, from: Float32Array, see: See) => {
    const size = Math.sqrt(dot(gradient, gradient))
    const at = async (h: number) => lossOf(await see(from.map((value, i) => value + (h / size) * gradient[i])))
    const slope = ((await at(STEP)) - (await at(-STEP))) / (2 * STEP)
    expect(Math.abs(slope / size - 1), what).toBeLessThan(0.05)
  }
  const planes = await generator.planes(ws)
  expect(planes.layers).toEqual([2, 1, 3])
  const seePlanes = (data: Float32Array) => generator.view(ws, label, { ...options, planes: { ...planes, data } })
  await expectSlope('planes', found.planes, planes.data, seePlanes)
  const slice = planes.data.length / 6
  for (const layer of [0, 1]) {
    const part = found.planes.map((value, at) => (Math.floor(at / slice) === layer ? value : 0))
    await expectSlope(`layer ${layer} of the facing plane`, part, planes.data, seePlanes)
  }
  await expectSlope('code', found.ws, ws, (moved) => generator.view(moved, label, options))
  await expectSlope('camera', found.label!, label, (moved) => generator.view(ws, moved, options))
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
