import { describe, expect, it } from 'vitest'
import { normalArray } from '../../src-main/engine/random.ts'
import { frechetDistance, sumOfSingularValues } from './frechet.ts'

/** Normal vectors, each feature with its own mean and spread. */
const draw = (count: number, mean: number[], spread: number[], seed: number) =>
  Array.from({ length: count }, (_, n) => normalArray(mean.length, seed, n).map((v, i) => mean[i] + spread[i] * v))

describe('the sum of singular values', () => {
  it('is that of a matrix whose values are known', () => {
    // A rotation, spreads 3 and 2, another rotation; the third row repeats the first.
    const turn = (t: number) => [
      [Math.cos(t), -Math.sin(t)],
      [Math.sin(t), Math.cos(t)],
    ]
    const [u, v] = [turn(0.4), turn(1.1)]
    const rows = u.map((row) => Float64Array.from([0, 1], (k) => row[0] * 3 * v[0][k] + row[1] * 2 * v[1][k]))
    expect(sumOfSingularValues(rows)).toBeCloseTo(5, 10)
    expect(sumOfSingularValues([3, 4, 0].map((value) => Float64Array.of(value)))).toBeCloseTo(5, 10)
  })
})

describe('the Fréchet distance', () => {
  it('is nothing between a set and itself, also with fewer vectors than features', () => {
    const few = draw(5, [1, 2, 3, 4, 5, 6, 7, 8], Array(8).fill(1), 1)
    expect(frechetDistance(few, few.toReversed())).toBeCloseTo(0, 6)
  })

  it('is that of the distributions the vectors come from', () => {
    // Independent features: sum of (difference of means)^2 + (difference of spreads)^2 = 4 + 1 + 0.25.
    const [a, b] = [draw(200, [0, 0, 1], [1, 1, 1], 1), draw(200, [2, 0, 1], [1, 2, 1.5], 2)]
    expect(Math.abs(frechetDistance(a, b) - 5.25)).toBeLessThan(1)
  })
})
