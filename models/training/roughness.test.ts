import { expect, it } from 'vitest'
import { normalArray } from '../../src-main/engine/random.ts'
import { defaultConfig } from './network.ts'
import { roughness } from './roughness.ts'

const config = { ...defaultConfig(false), plane_resolution: 5, plane_channels: 2 }
const planes = normalArray(2 * 3 * 5 * 5 * 2, 1)

it('is the mean square of the differences along rows and columns', () => {
  const at = (map: number, y: number, x: number, channel: number) => planes[((map * 5 + y) * 5 + x) * 2 + channel]
  let [along, down] = [0, 0]
  for (let map = 0; map < 6; map++) {
    for (let channel = 0; channel < 2; channel++) {
      for (let a = 0; a < 5; a++) {
        for (let b = 0; b < 4; b++) {
          along += (at(map, a, b + 1, channel) - at(map, a, b, channel)) ** 2
          down += (at(map, b + 1, a, channel) - at(map, b, a, channel)) ** 2
        }
      }
    }
  }
  const count = 6 * 2 * 5 * 4
  expect(roughness(planes, config, 1, new Float32Array(planes.length))).toBeCloseTo(along / count + down / count, 5)
})

it('adds its gradient', () => {
  const gradient = new Float32Array(planes.length).fill(1)
  roughness(planes, config, 0.5, gradient)
  for (const i of [0, 9, 48, 77, 150, 299]) {
    const shifted = (by: number) => {
      const moved = planes.slice()
      moved[i] += by
      return roughness(moved, config, 0, new Float32Array(planes.length))
    }
    expect(gradient[i]).toBeCloseTo(1 + (0.5 * (shifted(0.01) - shifted(-0.01))) / 0.02, 4)
  }
})
