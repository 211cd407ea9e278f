/** Random codes: spread as the given ones are. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { TINY_CONFIG } from '../../testing/generator.ts'
import { fitMapping } from './drawing.ts'
import { initialWeights } from './network.ts'
import { means } from './regression.ts'

const config = parseConfig({ ...TINY_CONFIG, z_dim: 24, w_dim: 32 })
const { w_dim, z_dim } = config
const weights = initialWeights(config, new Map(), 0)
const COUNT = 300

/** Codes that vary along three directions about a mean. */
function codes() {
  const [centre, along, strengths] = [normalArray(w_dim, 1), normalArray(3 * w_dim, 2), normalArray(3 * COUNT, 3)]
  const data = Float32Array.from({ length: COUNT * w_dim }, (_, i) => {
    const [row, k] = [Math.floor(i / w_dim), i % w_dim]
    return [0, 1, 2].reduce((sum, j) => sum + (3 - j) * strengths[row * 3 + j] * along[j * w_dim + k], centre[k])
  })
  // A little of everything else, as no component may be nothing.
  normalArray(data.length, 4).forEach((value, i) => {
    data[i] += 0.05 * value
  })
  return { rows: COUNT, columns: w_dim, data }
}

test('drawn codes have the mean and the covariance of the given ones', async () => {
  const runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  const given = codes()
  const { weights: mapping, error } = await fitMapping(runtime, config, weights, given, 2500)
  expect(error).toBeLessThan(0.25)
  const generator = new Generator(runtime, config, new Map([...weights, ...mapping]))
  expect(generator.meanLatent).toEqual(means(given))
  const drawn = await generator.mapAll(normalArray(COUNT * z_dim, 7), new Float32Array(config.c_dim))
  const covariance = (data: Float32Array) => {
    const mean = means({ rows: COUNT, columns: w_dim, data })
    return Float32Array.from({ length: w_dim * w_dim }, (_, at) => {
      const [a, b] = [Math.floor(at / w_dim), at % w_dim]
      let sum = 0
      for (let i = 0; i < COUNT; i++) sum += (data[i * w_dim + a] - mean[a]) * (data[i * w_dim + b] - mean[b])
      return sum / COUNT
    })
  }
  const [found, wanted] = [covariance(drawn), covariance(given.data)]
  const length = (values: Float32Array) => Math.hypot(...values)
  const product = found.reduce((sum, value, i) => sum + value * wanted[i], 0)
  expect(product / (length(found) * length(wanted))).toBeGreaterThan(0.9)
  expect(length(found) / length(wanted)).toBeGreaterThan(0.6)
  expect(length(found) / length(wanted)).toBeLessThan(1.4)
  await runtime.dispose()
})
