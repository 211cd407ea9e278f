/** Heads whose density and colour come from different planes: what is seen, how it is coloured, which way colour goes. */
import { afterAll, describe, expect, it } from 'vitest'
import { expectClose, GoldenCase } from '../../../testing/golden-case.ts'
import { Runtime } from '../runtime/runtime.ts'
import type { Planes } from './plane-layout.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const { renderer, weights, ...generator } = golden.generator(runtime)
const label = golden.at('det/c', 0)
const shape = await golden.generator(runtime).planes(golden.at('det/ws', 0))
const channels = generator.config.decoder_output_dim
/** Numbers without a pattern, -1.4..1.4. */
const noise = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.SQRT2 * Math.sin(i * i * 0.7 + 12.9898 * i + seed))
/** More rays than one tile holds, in pixels out of order. */
const pixels = Uint32Array.from({ length: 1200 }, (_, i) => (i * 7919) % (64 * 64))
const options = { resolution: 64, pixels, coarse: 20, fine: 16 }
const render = (planes: Planes, more: object = {}) => renderer.render(weights, planes, label, { ...options, ...more })

const other: Planes = { ...shape, data: noise(shape.data.length, 7), shape }

describe('shape and colour apart', () => {
  it('are one head where their planes are the same', async () => {
    const [apart, whole] = [await render({ ...shape, shape }), await render(shape)]
    expectClose(apart.depth, whole.depth, 'depth')
    expectClose(apart.opacity, whole.opacity, 'opacity')
    // What gives next to nothing of a ray's light is left out.
    expectClose(apart.features, whole.features, 'features', 0.02)
  })

  it('leave the shape alone, whatever is painted on it', async () => {
    const [apart, whole] = [await render(other), await render(shape)]
    expect(apart.depth).toEqual((await render({ ...shape, shape })).depth)
    expectClose(apart.opacity, whole.opacity, 'opacity')
    expect(Math.max(...apart.features.map((value, i) => Math.abs(value - whole.features[i])))).toBeGreaterThan(0.1)
    const points = noise(300, 8).map((value) => 0.2 * value)
    const query = (planes: Planes, what: 'sigma' | 'colour') => renderer.query(weights, planes, points, what)
    expect(await query(other, 'sigma')).toEqual(await query(shape, 'sigma'))
    expect(await query(other, 'colour')).toEqual(await query({ ...other, shape: undefined }, 'colour'))
  })

  it('give the same picture from a sight that was kept', async () => {
    const sight = await renderer.see(weights, other, label, options)
    const [kept, fresh] = [await render(other, { sight }), await render(other)]
    expect(kept.features).toEqual(fresh.features)
    expect(kept.depth).toEqual(fresh.depth)
  })

  it('give colour the gradient of its picture, and shape none', async () => {
    const cotangent = noise(pixels.length * channels, 9)
    const { tape } = await render(other)
    const gradient = (await renderer.backward(weights, tape, { features: cotangent })).planes
    const along = noise(other.data.length, 10)
    const at = async (step: number) => {
      const { features } = await render({ ...other, data: other.data.map((value, i) => value + step * along[i]) })
      return features.reduce((sum, value, i) => sum + value * cotangent[i], 0)
    }
    const slope = ((await at(1e-2)) - (await at(-1e-2))) / 2e-2
    const expected = gradient.reduce((sum, value, i) => sum + value * along[i], 0)
    expect(slope / expected).toBeCloseTo(1, 2)
    await expect(renderer.backward(weights, tape, { features: cotangent }, { label: true })).rejects.toThrow(
      'only colour',
    )
    await expect(renderer.backward(weights, tape, { depth: new Float32Array(pixels.length) })).rejects.toThrow(
      'only colour',
    )
  })
})
