/** The rays of the person are always cast, those of the background in turn. */
import { describe, expect, it } from 'vitest'
import { RaySelection } from './ray-selection.ts'

const size = 64
const matte = Float32Array.from({ length: size * size }, (_, i) =>
  Math.hypot((i % size) - 32, Math.floor(i / size) - 32) < 12 ? 1 : 0,
)
const portrait = { size, matte, rgb: new Uint8Array(3 * size * size), valid: new Uint8Array(size * size).fill(1) }

describe('the outline of a portrait', () => {
  const resolution = 32
  const outline = new RaySelection(portrait, resolution)

  it('covers the person in every step, each pixel once', () => {
    for (let step = 0; step < 20; step++) {
      const pixels = outline.draw(5, step)
      expect(new Set(pixels).size).toBe(pixels.length)
      for (let i = 0; i < resolution * resolution; i++) {
        const inside = Math.hypot((i % resolution) - 16, Math.floor(i / resolution) - 16) < 6
        if (inside) expect(pixels).toContain(i)
      }
    }
  })

  it('looks at the whole background in time, at as many pixels in every step', () => {
    const first = outline.draw(5, 0)
    const seen = new Set<number>()
    for (let step = 0; step < 80; step++) {
      const pixels = outline.draw(5, step)
      expect(pixels.length).toBe(first.length)
      for (const pixel of pixels) seen.add(pixel)
    }
    expect(first.length).toBeLessThan((resolution * resolution) / 2)
    expect(seen.size).toBe(resolution * resolution)
  })

  it('draws the same for the same seed and step', () => {
    expect(outline.draw(5, 3)).toEqual(outline.draw(5, 3))
    expect(outline.draw(5, 3)).not.toEqual(outline.draw(5, 4))
  })
})
