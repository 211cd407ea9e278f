/** A portrait for tests. */
import type { MattedPortrait } from '../src-main/engine/face/matted-portrait.ts'

/**
 * A head and shoulders of two colours on a background, as bytes.
 * @param radius of the head in sides of the picture
 */
export function portraitOf(size: number, radius = 0.38): MattedPortrait {
  const rgb = new Uint8Array(3 * size * size)
  const matte = new Float32Array(size * size)
  const valid = new Uint8Array(size * size).fill(1)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [(column + 0.5) / size - 0.5, (row + 0.5) / size - 0.5]
      const distance = Math.hypot(x, y)
      const at = row * size + column
      matte[at] = Math.round(255 * Math.min(Math.max((radius - distance) * 20, 0), 1)) / 255
      rgb.set(y < 0 ? [190, 140 + row, 110] : [120, 90, 80 + column], 3 * at)
      if (row === 0) valid[at] = 0
    }
  }
  return { size, rgb, matte, valid }
}
