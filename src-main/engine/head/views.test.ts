/** Pictures as they are shown: without the frame that a super-resolution leaves. */
import { describe, expect, it } from 'vitest'
import { withoutFrame } from './views.ts'

const SIDE = 6
const outermost = (i: number) => {
  const [row, column] = [Math.floor(i / SIDE) % SIDE, i % SIDE]
  return [row, column].some((at) => at === 0 || at === SIDE - 1)
}

describe('a picture as it is shown', () => {
  it('has its neighbours in place of the outermost pixels, channel by channel', () => {
    const image = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) =>
      outermost(i) ? -1 : Math.floor(i / (SIDE * SIDE)) + 1,
    )
    const shown = withoutFrame({ image, frame: 1 })
    shown.forEach((value, i) => {
      expect(value).toBe(Math.floor(i / (SIDE * SIDE)) + 1)
    })
    const [inside] = [...image.keys()].filter((i) => !outermost(i))
    expect(shown[0]).toBe(image[inside])
  })

  it('lacks what two doublings have mixed with grey: three pixels', () => {
    const side = 8
    const image = Float32Array.from({ length: 3 * side * side }, (_, i) => {
      const [row, column] = [Math.floor(i / side) % side, i % side]
      return [row, column].every((at) => at >= 3 && at < side - 3) ? 1 : 0
    })
    expect(new Set(withoutFrame({ image, frame: 3 }))).toEqual(new Set([1]))
  })

  it('is the rendering itself where there is no super-resolution', () => {
    const image = new Float32Array(3 * SIDE * SIDE)
    expect(withoutFrame({ image, frame: 0 })).toBe(image)
  })
})
