/** The ridge regression against its definition. */
import { describe, expect, it } from 'vitest'
import { normalArray } from '../../src-main/engine/random.ts'
import { Runtime } from '../../src-main/engine/runtime/runtime.ts'
import { centredRows, matrixOf, means, ridge } from './regression.ts'

describe('ridge', () => {
  it('finds the matrix that made the targets, with more features than examples it fits them', async () => {
    const runtime = await Runtime.create({ provider: 'cpu' })
    const x = matrixOf(Array.from({ length: 12 }, (_, i) => normalArray(30, 1, i)))
    const y = matrixOf(Array.from({ length: 12 }, (_, i) => normalArray(4, 2, i)))
    const [cx, cy] = [centredRows(x, means(x)), centredRows(y, means(y))]
    const { data, rows, columns } = await ridge(runtime, cx, cy, 1e-6)
    expect([rows, columns]).toEqual([30, 4])
    for (let i = 0; i < 12; i++) {
      for (let k = 0; k < 4; k++) {
        let guess = 0
        for (let j = 0; j < 30; j++) guess += cx.data[i * 30 + j] * data[j * 4 + k]
        expect(guess).toBeCloseTo(cy.data[i * 4 + k], 3)
      }
    }
    await runtime.dispose()
  })

  it('shrinks towards zero as its strength grows', async () => {
    const runtime = await Runtime.create({ provider: 'cpu' })
    const x = matrixOf(Array.from({ length: 8 }, (_, i) => normalArray(5, 3, i)))
    const y = matrixOf(Array.from({ length: 8 }, (_, i) => normalArray(2, 4, i)))
    const size = async (strength: number) => Math.hypot(...(await ridge(runtime, x, y, strength)).data)
    const [weak, strong] = [await size(0.01), await size(10)]
    expect(strong).toBeLessThan(weak / 5)
    await runtime.dispose()
  })
})
