import { afterAll, expect, it } from 'vitest'
import { parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { facelessBehind, faceShare } from './behind.ts'
import { defaultConfig, initialWeights, PAINTER } from './network.ts'

const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
afterAll(() => runtime.dispose())

const size = 32
const config = parseConfig({
  ...defaultConfig(false),
  z_dim: 8,
  w_dim: 8,
  num_ws: 8,
  plane_resolution: size,
  plane_channels: 4,
  backbone_channels: { 4: 12, 8: 12, 16: 12, 32: 12 },
  decoder_output_dim: 4,
})
const weights = initialWeights(config, new Map(), 1)
const layered = { ...config, plane_layers: [4, 1, 1] as [number, number, number] }

it('knows where faces are: not beyond ears, crown and shoulders', () => {
  expect(faceShare(0, 0.05)).toBe(1)
  expect(faceShare(0.06, 0.08)).toBe(1)
  for (const [x, y] of [[0.25, 0.05], [0, 0.4], [0.1, -0.3]]) expect(faceShare(x, y)).toBe(0) // biome-ignore format: points
})

it('changes what paints the layers behind, towards planes without a face, and nothing else', async () => {
  const made = await facelessBehind(runtime, { config, weights }, 6)
  for (const [name, { data }] of weights) {
    const { data: found } = made.get(name)!
    if (!PAINTER.test(name)) expect(found, name).toEqual(data)
    else {
      const slice = data.length / 3
      const front = data.subarray(0, slice)
      expect(found.subarray(0, slice), name).toEqual(found.subarray(slice, 2 * slice))
      expect(found.subarray(2 * slice), name).toEqual(Float32Array.of(...front, ...data))
    }
  }

  // A head that the fit has not seen.
  const before = new Generator(runtime, config, weights)
  const after = new Generator(runtime, layered, made)
  const ws = before.repeat(await before.map(normalArray(config.z_dim, 100), new Float32Array(config.c_dim)))
  const [plain, found] = [(await before.planes(ws)).data, (await after.planes(ws)).data]
  const fine = new Map(weights)
  for (const [block, left] of [[32, 0], [16, 0], [8, 0.3]]) {
    const name = `backbone.synthesis.b${block}.torgb.weight`
    const { shape, data } = weights.get(name)!
    fine.set(name, { shape, data: data.map((value) => left * value) })
  } // biome-ignore format: pairs
  const { data: faceless } = await new Generator(runtime, config, fine).planes(ws)
  const power = (share: number, difference: (i: number) => number) => {
    let sum = 0
    for (let i = 0; i < size * size * 4; i++) {
      const texel = Math.floor(i / 4)
      const [x, y] = [((texel % size) + 0.5) / size - 0.5, (Math.floor(texel / size) + 0.5) / size - 0.5]
      if (faceShare(x, y) === share) sum += difference(i) ** 2
    }
    return sum
  }
  const changed = power(1, (i) => plain[i] - faceless[i])
  expect(power(1, (i) => found[i] - faceless[i])).toBeLessThan(0.6 * changed)
})
