import { expect, test } from 'vitest'
import { RESTARTS, restartDelay } from './restart.ts'

test('an engine is started again after longer and longer waits, and not a fifth time within a minute', () => {
  const deaths = Array.from({ length: RESTARTS }, (_, i) => 1000 * i)
  const delays = deaths.map((_, i) => restartDelay(deaths.slice(0, i + 1)))
  expect(delays).toEqual([200, 400, 800, 1600, undefined])
})

test('deaths of more than a minute ago are forgotten', () => {
  expect(restartDelay([0, 1, 2, 3, 59_999])).toBeUndefined()
  expect(restartDelay([0, 1, 2, 3, 60_000])).toBe(1600)
  expect(restartDelay([0, 1, 2, 3, 60_003])).toBe(200)
  // An engine that dies now and then is started for ever.
  const rare = Array.from({ length: 1000 }, (_, i) => 20_000 * i)
  expect(rare.every((_, i) => restartDelay(rare.slice(0, i + 1)) !== undefined)).toBe(true)
})
