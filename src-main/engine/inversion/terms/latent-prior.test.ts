/** The latent space of a small random generator: distances in standard deviations, and their gradient. */
import { afterAll, describe, expect, it } from 'vitest'
import { GoldenCase } from '../../../../testing/golden-case.ts'
import { normalArray } from '../../random.ts'
import { Runtime } from '../../runtime/runtime.ts'
import { inverse, LatentSpace } from './latent-prior.ts'

const runtime = await Runtime.create({ provider: 'cpu' })
afterAll(() => runtime.dispose())
const golden = new GoldenCase('tiny8x')
const generator = golden.generator(runtime)
const label = golden.at('det/c', 0)
const { w_dim: size, z_dim, num_ws } = golden.config
const space = await LatentSpace.of(generator, label)

const distance = (ws: Float32Array) => (2 * space.addPrior(ws, ws.length, new Float32Array(ws.length))) / ws.length

describe('the inverse', () => {
  it('times the matrix is one', () => {
    const n = 12
    const half = normalArray(n * n, 1)
    const matrix = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        matrix[i * n + j] = i === j ? 0.1 : 0
        for (let k = 0; k < n; k++) matrix[i * n + j] += half[i * n + k] * half[j * n + k]
      }
    }
    const found = inverse(matrix, n)
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let k = 0; k < n; k++) sum += matrix[i * n + k] * found[k * n + j]
        expect(sum).toBeCloseTo(i === j ? 1 : 0, 8)
      }
    }
  })
})

describe('the latent space', () => {
  it('finds new random codes about a standard deviation a direction away, and the mean not at all', async () => {
    let sum = 0
    for (let i = 0; i < 50; i++) sum += distance(await generator.map(normalArray(z_dim, 7, i), label)) / 50
    expect(sum).toBeGreaterThan(0.5)
    expect(sum).toBeLessThan(2)
    expect(distance(space.mean)).toBe(0)
  })

  it('finds what codes do not do farther away than what they do', async () => {
    const code = await generator.map(normalArray(z_dim, 8), label)
    const away = code.map((value, i) => value - space.mean[i])
    // As long, in no direction of its own.
    const other = normalArray(size, 9)
    const scale = Math.hypot(...away) / Math.hypot(...other)
    const stray = space.mean.map((value, i) => value + scale * other[i])
    expect(distance(stray)).toBeGreaterThan(1.5 * distance(code))
  })

  it('has the gradient of its prior', () => {
    const ws = normalArray(num_ws * size, 10)
    const gradient = new Float32Array(ws.length)
    const strength = 100
    space.addPrior(ws, strength, gradient)
    const value = (change: number, i: number) => {
      const moved = ws.slice()
      moved[i] += change
      return space.addPrior(moved, strength, new Float32Array(ws.length))
    }
    for (const i of [0, 3, size + 1, ws.length - 1]) {
      const slope = (value(0.25, i) - value(-0.25, i)) / 0.5
      expect(Math.abs(slope / gradient[i] - 1)).toBeLessThan(1e-2)
    }
  })
})
