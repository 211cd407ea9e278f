import { describe, expect, it } from 'vitest'
import type { RgbImage } from '../images/rgb-image.ts'
import { cutCrop } from './crop.ts'

function picture(width: number, height: number, colour: (x: number, y: number) => [number, number, number]): RgbImage {
  const rgb = new Uint8Array(3 * width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.set(colour(x + 0.5, y + 0.5), 3 * (y * width + x))
  }
  return { width, height, rgb }
}

/** Red tells x, green tells y. */
const ramp = (width: number, height: number) =>
  picture(width, height, (x, y) => [(255 * x) / width, (255 * y) / height, 128])

const noise = picture(32, 32, (x, y) => [(x * 7919 + y * 104729) % 256, (x * 31 + y * 17) % 256, (x * y) % 256])

describe('cutCrop', () => {
  it('gives the very pixels where nothing is scaled or turned', () => {
    const { rgb, valid } = cutCrop(noise, { centre: [16, 16], side: 32, roll: 0 }, 32)
    expect(rgb).toEqual(noise.rgb)
    expect(valid.every((pixel) => pixel === 1)).toBe(true)
  })

  it('turns clockwise windows counterclockwise', () => {
    const { rgb } = cutCrop(noise, { centre: [16, 16], side: 32, roll: Math.PI / 2 }, 32)
    const turned = picture(32, 32, (u, v) => {
      // Rot(90 degrees) (u, v) = (-v, u)
      const at = 3 * (Math.floor(u) * 32 + Math.floor(32 - v))
      return [noise.rgb[at], noise.rgb[at + 1], noise.rgb[at + 2]]
    })
    expect(rgb).toEqual(turned.rgb)
  })

  const photo = ramp(2000, 1500)
  it.each([40, 200, 700, 1000])('shows the right place for a window of %i pixels', (side) => {
    const window = { centre: [1000, 750] as [number, number], side, roll: 0.4 }
    const { rgb } = cutCrop(photo, window, 64)
    const scale = side / 64
    for (const [column, row] of [
      [3, 5],
      [60, 10],
      [31, 32],
      [20, 58],
    ]) {
      const [u, v] = [column + 0.5 - 32, row + 0.5 - 32]
      const x = 1000 + scale * (Math.cos(0.4) * u - Math.sin(0.4) * v)
      const y = 750 + scale * (Math.sin(0.4) * u + Math.cos(0.4) * v)
      const at = 3 * (row * 64 + column)
      expect(Math.abs(rgb[at] - (255 * x) / 2000)).toBeLessThan(1.2)
      expect(Math.abs(rgb[at + 1] - (255 * y) / 1500)).toBeLessThan(1.2)
    }
  })

  it('does not alias: a fine chequerboard becomes grey', () => {
    const chequers = picture(600, 600, (x, y) =>
      (Math.floor(x) + Math.floor(y)) % 2 === 0 ? [0, 0, 0] : [255, 255, 255],
    )
    for (const side of [150, 290, 590]) {
      const { rgb } = cutCrop(chequers, { centre: [300, 300], side, roll: 0.1 }, 64)
      expect(Math.max(...rgb)).toBeLessThan(145)
      expect(Math.min(...rgb)).toBeGreaterThan(110)
    }
  })

  it('marks what is not in the photo and mirrors it', () => {
    const { rgb, valid } = cutCrop(ramp(64, 64), { centre: [0, 32], side: 64, roll: 0 }, 64)
    for (let row = 0; row < 64; row++) {
      for (let column = 0; column < 32; column++) {
        expect(valid[row * 64 + column]).toBe(0)
        expect(valid[row * 64 + 63 - column]).toBe(1)
        expect(rgb[3 * (row * 64 + column)]).toBe(rgb[3 * (row * 64 + 63 - column)])
      }
    }
  })

  it('copes with a window far outside', () => {
    const { valid } = cutCrop(noise, { centre: [-5000, 9000], side: 300, roll: 1 }, 16)
    expect(valid.every((pixel) => pixel === 0)).toBe(true)
  })
})
