import sharp from 'sharp'
import { expect, test } from 'vitest'
import { type LoopFormat, loop } from './pictures.ts'

const SIDE = 64
/** A square that wanders over nothing. */
const frames = Uint8Array.from({ length: 3 * SIDE ** 2 * 4 }, (_, i) => {
  const [frame, x] = [Math.trunc(i / (4 * SIDE ** 2)), Math.trunc(i / 4) % SIDE]
  const isSquare = x >= 16 * frame && x < 16 * frame + 16
  return isSquare ? [200, 60, 30, 255][i % 4] : 0
})

test.each(['gif', 'webp'] as const satisfies LoopFormat[])('a %s begins anew for ever, on nothing', async (format) => {
  const written = await loop(frames, SIDE, format, 80, 'made for a test')
  const { pages, loop: rounds, delay, width, pageHeight } = await sharp(written, { animated: true }).metadata()
  expect({ pages, rounds, delay, width, pageHeight }).toEqual({
    pages: 3,
    rounds: 0,
    delay: [80, 80, 80],
    width: SIDE,
    pageHeight: SIDE,
  })
  const last = await sharp(written, { page: 2 }).ensureAlpha().raw().toBuffer()
  const pixel = (x: number) => [...last.subarray(4 * (SIDE + x), 4 * (SIDE + x) + 4)]
  expect(pixel(8)[3]).toBe(0)
  const [red, green, , opacity] = pixel(40)
  expect(opacity).toBe(255)
  expect(red - green).toBeGreaterThan(100)
})

test('what are no whole pictures is refused', async () => {
  await expect(loop(frames.subarray(1), SIDE, 'gif', 80, '')).rejects.toThrow('cannot be read')
  await expect(loop(frames.subarray(0, 4 * SIDE ** 2), SIDE, 'gif', 80, '')).rejects.toThrow('cannot be read')
})
