/** Numbers drawn by a model: uniform, and without a pattern along rays, samples and draws. */
import { afterAll, describe, expect, it } from 'vitest'
import { input, writeModel } from '../graph/index.ts'
import { Runtime } from '../runtime/runtime.ts'
import { drawPlace, drawTensor } from './graph-jitter.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const [ROWS, COLUMNS] = [4000, 20]
const draw = input('draw', [2])
const program = await runtime.compile(
  writeModel({ coarse: drawTensor(draw, ROWS, COLUMNS, 0), fine: drawTensor(draw, ROWS, COLUMNS, 1) }),
)
const drawn = (seed: number, stream: number) => program.run({ draw: drawPlace({ seed, stream }) })
const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
/** Of two lists of uniform numbers. */
const correlation = (a: Float32Array, b: Float32Array) => 12 * mean(a.map((value, i) => (value - 0.5) * (b[i] - 0.5)))

describe('drawn numbers', async () => {
  const { coarse, fine } = await drawn(3, 5)

  it.each([
    ['coarse', coarse],
    ['fine', fine],
  ])('%s: are uniform in [0, 1)', (_, values) => {
    const bins = new Float64Array(20)
    for (const value of values) bins[Math.floor(20 * value)] += 20 / values.length
    expect(bins.reduce((sum, share) => sum + share, 0)).toBeCloseTo(20, 6)
    for (const share of bins) expect(Math.abs(share - 1)).toBeLessThan(0.06)
  })

  it('tell nothing of their neighbours, of each other and of other draws', async () => {
    const limit = 0.02
    const other = await drawn(3, 8)
    const another = await drawn(4, 5)
    expect(Math.abs(correlation(coarse, fine))).toBeLessThan(limit)
    expect(Math.abs(correlation(coarse, other.coarse))).toBeLessThan(limit)
    expect(Math.abs(correlation(coarse, another.coarse))).toBeLessThan(limit)
    for (const away of [1, 2, COLUMNS, 2 * COLUMNS, 48 * COLUMNS]) {
      expect(Math.abs(correlation(coarse.subarray(away), coarse.subarray(0, -away))), `${away}`).toBeLessThan(limit)
    }
  })

  it('are the same for the same seed', async () => {
    expect((await drawn(3, 5)).coarse).toEqual(coarse)
  })
})
