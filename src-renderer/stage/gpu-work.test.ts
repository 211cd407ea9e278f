import { expect, test } from 'vitest'
import { inPieces } from './gpu-work.ts'

/** @param cost milliseconds the GPU takes for one row */
function sizes(count: number, cost: number): number[] {
  const sizes: number[] = []
  let next = 0
  const pieces = inPieces(count, (from, howMany) => {
    expect(from).toBe(next)
    next += howMany
    sizes.push(howMany)
  })
  while (!pieces.next(cost * (sizes.at(-1) ?? 0)).done);
  expect(next).toBe(count)
  return sizes
}

test('a slow GPU is never given more than a moment’s work', () => {
  expect(Math.max(...sizes(100, 15))).toBe(2)
})

test('a fast GPU is given all in a few pieces', () => {
  expect(sizes(1000, 0.01).length).toBeLessThan(7)
})
