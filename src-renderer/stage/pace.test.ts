import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

/** A GPU that takes `full` milliseconds for the whole stage. */
function settle(full: number): Pace {
  const pace = new Pace()
  let now = 0
  for (let i = 0; i < 200; i++) {
    const cost = full * pace.scale ** 2
    now += cost + 16
    pace.frame(now, cost)
  }
  return pace
}

test('a fast GPU draws at full resolution', () => {
  expect(settle(4).scale).toBe(1)
})

test('a slow one draws less, at eight frames a second and more', () => {
  const pace = settle(1200)
  expect(pace.scale).toBeLessThan(0.3)
  expect(pace.fps).toBeGreaterThan(8)
})

test('a pause is no slow frame', () => {
  const pace = settle(4)
  const { fps } = pace
  pace.rest()
  pace.frame(1e6, 4)
  pace.frame(1e6 + 20, 4)
  expect(pace.fps).toBeGreaterThan(fps * 0.5)
})
