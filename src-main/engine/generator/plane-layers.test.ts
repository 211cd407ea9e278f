/** A generator whose planes have several layers: gradients against central differences, all the way through. */
import { afterAll, expect, it } from 'vitest'
import { expectClose, GoldenCase } from '../../../testing/golden-case.ts'
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
import { borrowSampler, PlaneProjection, releaseSampler } from './planes.ts'

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
  // The camera sees little of the layers further out.
  const middle = Math.floor((planes.layers[0] - 1) / 2)
  for (const layer of [middle, middle + 1]) {
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

it('a PanoHead checkpoint is read with zeros outside, along the normals too', async () => {
  const {
    layers,
    resolution: size,
    channels,
    data,
  } = await new Generator(runtime, threefold.config, threefold.weights).planes(ws)
  const { rows } = new PlaneProjection(threefold.config)
  const texel = (slice: number, row: number, column: number, feature: number) =>
    [row, column].every((at) => at >= 0 && at < size)
      ? data[((slice * size + row) * size + column) * channels + feature]
      : 0
  /** The mean over the planes, each a grid of D x R x R read linearly, by the formula. */
  const read = (point: Float32Array, feature: number) => {
    let sum = 0
    for (const plane of [0, 1, 2]) {
      const [u, v, n] = [0, 1, 2].map((axis) =>
        dot(rows.subarray(plane * 9 + axis * 3, plane * 9 + axis * 3 + 3), point),
      )
      const places = [
        [n, layers[plane]],
        [v, size],
        [u, size],
      ].map(([at, count]) => ((at + 1) * count - 1) / 2)
      for (let tap = 0; tap < 8; tap++) {
        const [layer, row, column] = places.map((at, axis) => Math.floor(at) + ((tap >> axis) & 1))
        const share = [layer, row, column].reduce((all, at, axis) => all * (1 - Math.abs(places[axis] - at)), 1 / 3)
        const isThere = layer >= 0 && layer < layers[plane]
        if (isThere) sum += share * texel(plane * layers[plane] + layer, row, column, feature)
      }
    }
    return sum
  }
  // The box and somewhat beyond.
  const points = normalArray(3 * 500, 0.5 * threefold.config.rendering_kwargs.box_warp, 1)
  const expected = Float32Array.from({ length: 500 * channels }, (_, i) => {
    const point = 3 * Math.floor(i / channels)
    return read(points.subarray(point, point + 3), i % channels)
  })
  const planes = await new Generator(runtime, panoHead.config, panoHead.weights).planes(ws)
  const sampler = borrowSampler(planes, new PlaneProjection(panoHead.config))
  expectClose(sampler.samplePoints(points).slice(), expected, 'features', 1e-5, 1e-5)
  releaseSampler(sampler)
})
