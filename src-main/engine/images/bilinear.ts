/**
 * The value of a square picture of one number a pixel between the centres of four; its border goes on outside.
 * @param x, y in pixels, 0 at the centre of the first
 */
export function bilinear(values: ArrayLike<number>, side: number, x: number, y: number): number {
  const limit = (value: number) => Math.min(Math.max(value, 0), side - 1)
  const [left, top] = [limit(Math.floor(x)), limit(Math.floor(y))]
  const [right, bottom] = [limit(left + 1), limit(top + 1)]
  const [fx, fy] = [limit(x) - left, limit(y) - top]
  const upper = values[top * side + left] * (1 - fx) + values[top * side + right] * fx
  const lower = values[bottom * side + left] * (1 - fx) + values[bottom * side + right] * fx
  return upper * (1 - fy) + lower * fy
}
