/** The kernel against the models of the same passes, and against itself with other numbers of threads. */
import { afterAll, describe, expect, it } from 'vitest'
import { expectRelative, GoldenCase } from '../../../testing/golden-case.ts'
import { Runtime } from '../runtime/runtime.ts'
import { orbitCamera } from './camera.ts'
import { GraphPasses } from './graph-passes.ts'
import { KernelPasses } from './kernel-passes.ts'
import type { Look, Passes } from './passes.ts'
import { type Planes, planesLength } from './plane-layout.ts'
import { PlanesSum } from './planes-sum.ts'
import { castRays } from './rays.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const generator = golden.generator(runtime)
const { config, weights } = generator
const colours = config.decoder_output_dim

/** Numbers without a pattern, -1..1. */
const noise = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * i * 0.7 + 12.9898 * i + seed))
const painted = await generator.planes(golden.at('det/ws', 0))
/** A plane with layers along its normal, as the embedded generator has one. */
const layered: Planes = {
  ...painted,
  layers: [4, 1, 1],
  data: noise(planesLength({ ...painted, layers: [4, 1, 1] }), 1),
}

/** More samples than the memory takes at once, rays that do not fill a piece, samples that do not fill a vector. */
const views = [
  { what: 'a few rays', planes: painted, side: 7, samples: 8, fine: 5 },
  { what: 'many rays', planes: painted, side: 70, samples: 20, fine: 10 },
  { what: 'layers', planes: layered, side: 32, samples: 21, fine: 0 },
]
type View = (typeof views)[number]

function lookAt({ side, samples, fine }: Omit<View, 'what' | 'planes'>): Look {
  const { avg_camera_radius: radius, box_warp: box } = config.rendering_kwargs
  const rays = castRays(orbitCamera(config.rendering_kwargs, 0.3, 0.1), side)
  const count = rays.origins.length / 3
  const coarse = Float32Array.from(
    { length: count * samples },
    (_, i) => radius + box * (((i % samples) + 0.4 * Math.sin(i)) / samples - 0.5),
  )
  const jitter = noise(count * fine, 7).map((value) => 0.49 * (value + 1))
  return { rays, coarse, samples, fine, jitter, farthest: radius + box, channels: colours }
}

/** What a way back adds to an empty sum. */
async function added({ data }: Planes, work: (sum: PlanesSum) => Promise<unknown>): Promise<Float32Array> {
  const sum = new PlanesSum(data.length)
  await work(sum)
  return sum.values.data
}

async function all(passes: Passes, { planes, ...view }: Omit<View, 'what'>) {
  const look = lookAt(view)
  const { rays } = look
  const count = rays.origins.length / 3
  const { depths, ...marched } = await passes.march(weights, planes, look)
  const along = { rays, depths, samples: look.samples + look.fine }
  const gradient = { image: noise(count * colours, 2), depth: noise(count, 3), opacity: noise(count, 4) }
  const sum = new PlanesSum(planes.data.length)
  const { rays: ofRays } = await passes.marchBackward(weights, planes, along, gradient, { rays: true }, sum)
  const ofPlanes = sum.values.data.slice()
  // What the forward pass kept is there no more.
  const { shares } = await passes.see(weights, planes, look)
  await passes.march(weights, planes, lookAt({ side: 5, samples: 9, fine: 0 }))
  const ofShape = { depth: gradient.depth, opacity: gradient.opacity }
  const points = noise(3 * 1500, 5).map((value) => 0.4 * value)
  const ofColour = noise(1500 * colours, 6)
  const shape = (into: PlanesSum) => passes.marchBackward(weights, planes, along, ofShape, {}, into)
  const colour = (into: PlanesSum) => passes.colourBackward(weights, planes, points, ofColour, into)
  return {
    ...marched,
    depths,
    shares,
    ofPlanes,
    ofOrigins: ofRays!.origins,
    ofDirections: ofRays!.directions,
    ofImage: await added(planes, (into) =>
      passes.marchBackward(weights, planes, along, { image: gradient.image }, {}, into),
    ),
    ofShape: await added(planes, shape),
    sigma: await passes.query(weights, planes, points, 'sigma'),
    colour: await passes.query(weights, planes, points, 'colour'),
    rgb: await passes.query(weights, planes, points, 'rgb'),
    ofColour: await added(planes, colour),
    // One after another, with a sum of somebody else's between.
    ofBoth: await added(planes, async (into) => {
      await shape(into)
      await colour(into)
      await added(planes, colour)
      await shape(into)
    }),
    ofRgb: await added(planes, (into) =>
      passes.colourBackward(weights, planes, points, ofColour.subarray(0, 1500 * 3), into),
    ),
  }
}

describe.each(views)('the kernel, for $what', (view) => {
  it('gives what the models give', async () => {
    const expected = await all(new GraphPasses(runtime, config, golden.weights), view)
    const found = await all(new KernelPasses(config, 2), view)
    for (const [name, values] of Object.entries(expected)) {
      expectRelative(found[name as keyof typeof found], values, name)
    }
  })

  it('gives the same bits with one thread, two and four', async () => {
    const one = await all(new KernelPasses(config, 1), view)
    for (const threads of [2, 4]) {
      // The threads of the first time may have come too late to help.
      for (let time = 0; time < 3; time++) {
        expect(await all(new KernelPasses(config, threads), view)).toEqual(one)
      }
    }
  })
})

it('leaves the gradient of weights to the models', async () => {
  const along = { ...lookAt({ side: 4, samples: 8, fine: 0 }), depths: new Float32Array(128) }
  const passes = new KernelPasses(config, 1)
  const sum = new PlanesSum(painted.data.length)
  await expect(passes.marchBackward(weights, painted, along, {}, { weights: true }, sum)).rejects.toThrow(
    'graph passes',
  )
})

it('does not lose what is no number', async () => {
  const look = lookAt({ side: 4, samples: 8, fine: 0 })
  const planes = { ...painted, data: painted.data.map(() => Number.NaN) }
  const passes = new KernelPasses(config, 1)
  const { image } = await passes.march(weights, planes, look)
  expect(image.some(Number.isNaN)).toBe(true)
  const gradient = { image: new Float32Array(16 * colours).fill(Number.NaN) }
  const found = await added(painted, (sum) =>
    passes.marchBackward(weights, painted, { ...look, depths: look.coarse }, gradient, {}, sum),
  )
  expect(found.some(Number.isNaN)).toBe(true)
})
