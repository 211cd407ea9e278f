import { expect, it } from 'vitest'
import { cosine, psnr } from './likeness.ts'

it('gives decibels of the pixels that count', () => {
  const grey = new Uint8Array(12).fill(100)
  const off = grey.map((value, i) => (i < 6 ? value + 51 : value))
  expect(psnr(grey, grey, [1, 1, 1, 1])).toBe(60)
  // Off by a fifth of the range: 20 log10(5).
  expect(psnr(grey, off, [1, 1, 0, 0])).toBeCloseTo(13.979, 3)
  expect(psnr(grey, off, [1, 1, 1, 1])).toBeCloseTo(13.979 + 3.01, 2)
  expect(psnr(grey, off, [0, 0, 1, 1])).toBe(60)
  expect(psnr(grey, off, [0, 0, 0, 0])).toBe(0)
})

it('compares directions', () => {
  const a = Float32Array.of(1, 2, 3)
  expect(cosine(a, Float32Array.of(2, 4, 6))).toBeCloseTo(1, 6)
  expect(cosine(a, Float32Array.of(-1, -2, -3))).toBeCloseTo(-1, 6)
  expect(cosine(a, Float32Array.of(3, 0, -1))).toBeCloseTo(0, 6)
})
