/** A third block: its gradients against central differences, and the picture before it left as it was. */
import { afterAll, expect, it } from 'vitest'
import { golden, threeBlocks, twoBlocks } from '../../../testing/third-block.ts'
import { FITTED_BLOCKS } from '../checkpoint/config.ts'
import { normalArray } from '../random.ts'
import { Runtime } from '../runtime/runtime.ts'
import { dot } from '../vectors.ts'
import type { Generator } from './generator.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())

const ws = golden.at('det/ws', 0)
const label = golden.at('det/c', 0)
const RENDERED = 16
const generator = threeBlocks(runtime, RENDERED)
const side = generator.config.image_resolution
const { rendering } = await generator.view(ws, label)
// Mostly of one sign: the kinks of the activations weigh little beside what it adds up to.
const wanted = normalArray(3 * side * side, 5).map((value) => value + 2)

it('leaves the picture before it as it was, to the bit', async () => {
  const two = await twoBlocks(runtime, RENDERED).view(ws, label)
  const view = await generator.view(ws, label, { blocks: FITTED_BLOCKS })
  expect(view.image).toEqual(two.image)
  expect(view.raw).toEqual(two.raw)
  const whole = await generator.view(ws, label)
  expect([view, two, whole].map(({ frame }) => frame)).toEqual([1, 1, 3])
})

it('has the gradients of the rendering, the code and its weights', async () => {
  expect((await generator.enhance(rendering.features, ws)).image.length).toBe(3 * side * side)
  const found = await generator.enhanceBackward(rendering.features, ws, { image: wanted }, { weights: true })
  /** The central difference along the gradient itself. */
  const expectSlope = async (
    what: string,
    gradient: Float32Array,
    from: Float32Array,
    see: (moved: Float32Array) => ReturnType<Generator['enhance']>,
  ) => {
    const size = Math.sqrt(dot(gradient, gradient))
    expect(size, what).toBeGreaterThan(0)
    const step = 0.005
    const at = async (h: number) => dot(wanted, (await see(from.map((x, i) => x + (h / size) * gradient[i]))).image)
    const slope = ((await at(step)) - (await at(-step))) / (2 * step)
    expect(Math.abs(slope / size - 1), what).toBeLessThan(0.005)
  }
  await expectSlope('features', found.features, rendering.features, (moved) => generator.enhance(moved, ws))
  const rest = ws.subarray(0, ws.length - found.w.length)
  await expectSlope('w', found.w, ws.slice(rest.length), (moved) =>
    generator.enhance(rendering.features, Float32Array.from([...rest, ...moved])),
  )
  const names = [...generator.shapes.keys()].filter((name) => /block2.*(weight|bias)$/.test(name))
  expect(names).toHaveLength(12)
  for (const name of names) {
    const { shape, data } = generator.shapes.get(name)!
    await expectSlope(name, found.weights[name], data, (moved) =>
      threeBlocks(runtime, RENDERED, new Map([[name, { shape, data: moved }]])).enhance(rendering.features, ws),
    )
  }
})
