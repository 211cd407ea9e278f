/** Random codes: of the given kinds, and spread within them as the given ones are. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseConfig } from '../../src-main/engine/checkpoint/config.ts'
import { Generator } from '../../src-main/engine/generator/generator.ts'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { TINY_CONFIG } from '../../testing/generator.ts'
import { drawnMapping, MAPPING } from './drawing.ts'
import { initialWeights } from './network.ts'

const config = parseConfig({ ...TINY_CONFIG, ...MAPPING, z_dim: 24, w_dim: 32 })
const { w_dim, z_dim } = config
const weights = initialWeights(config, new Map(), 0)
const SPREAD = 0.8
/** Kinds, how many heads there are of each, and where their codes lie; too few are of the last one. */
const KINDS = { bald: 60, curls: 30, hat: 10, wig: 2 }
const centres = Object.keys(KINDS).map((_, i) => normalArray(w_dim, 10 + i))
const along = normalArray(3 * w_dim, 2).map((value) => value / 30)

/** A code of a kind, by how far it is along each of three directions. */
const codeOf = (kind: number, strengths: ArrayLike<number>) =>
  centres[kind].map((value, k) =>
    [0, 1, 2].reduce((sum, j) => sum + (3 - j) * strengths[j] * along[j * w_dim + k], value),
  )

let runtime: Runtime
let drawn: Float32Array[]
beforeAll(async () => {
  runtime = await Runtime.create({ provider: 'cpu', threads: 1 })
  const kinds = Object.entries(KINDS).flatMap(([name, count]) => Array<string>(count).fill(name))
  const noise = normalArray(kinds.length * w_dim, 4)
  const codes = kinds.map((kind, i) => {
    const code = codeOf(Object.keys(KINDS).indexOf(kind), normalArray(3, 100 + i))
    return code.map((value, k) => value + 1e-3 * noise[i * w_dim + k])
  })
  const mapping = await drawnMapping(runtime, config, codes, kinds, centres[0])
  const generator = new Generator(runtime, config, new Map([...weights, ...mapping]))
  expect(generator.meanLatent).toEqual(centres[0])
  const all = await generator.mapAll(normalArray(1000 * z_dim, 7), new Float32Array(config.c_dim))
  drawn = Array.from({ length: 1000 }, (_, i) => all.slice(i * w_dim, (i + 1) * w_dim))
})
afterAll(() => runtime.dispose())

const distance = (a: Float32Array, b: Float32Array) => Math.hypot(...a.map((value, k) => value - b[k]))
const nearest = (code: Float32Array) => {
  const distances = centres.map((centre) => distance(code, centre))
  return distances.indexOf(Math.min(...distances))
}

test('drawn codes are of the given kinds, as often as these are', () => {
  const counts = centres.map((_, kind) => drawn.filter((code) => nearest(code) === kind).length)
  for (const [kind, share] of [0.6, 0.3, 0.1, 0].entries())
    expect(Math.abs(counts[kind] / 1000 - share)).toBeLessThan(0.05)
})

test('within a kind they are spread as the given ones are', () => {
  const own = drawn.filter((code) => nearest(code) === 0)
  const off = own.map((code) => code.map((value, k) => value - centres[0][k]))
  const covariance = (rows: readonly Float32Array[], a: number, b: number) =>
    rows.reduce((sum, row) => sum + row[a] * row[b], 0) / rows.length
  const wanted = (a: number, b: number) =>
    [0, 1, 2].reduce((sum, j) => sum + (3 - j) ** 2 * along[j * w_dim + a] * along[j * w_dim + b], 0) * SPREAD ** 2
  let [product, found, expected] = [0, 0, 0]
  for (let a = 0; a < w_dim; a++) {
    for (let b = 0; b < w_dim; b++) {
      const [x, y] = [covariance(off, a, b), wanted(a, b)]
      product += x * y
      found += x * x
      expected += y * y
    }
  }
  expect(product / Math.sqrt(found * expected)).toBeGreaterThan(0.95)
  expect(Math.sqrt(found / expected)).toBeGreaterThan(0.7)
  expect(Math.sqrt(found / expected)).toBeLessThan(1.4)
})

test('none lies between two kinds', () => {
  const farthest = drawn.map((code) => Math.min(...centres.map((centre) => distance(code, centre))))
  const between = distance(centres[0], centres[1]) / 2
  expect(farthest.filter((off) => off > 0.9 * between).length).toBeLessThan(10)
})
