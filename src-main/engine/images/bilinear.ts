/**
 * The value of a square picture of one number a pixel between the centres of four; its border goes on outside.
 * @param x, y in pixels, 0 at the centre of the first
 */
export function bilinear(values: ArrayLike<number>, side: number, x: number, y: number): number {
  const last = side - 1
  const [column, row] = [Math.min(Math.max(x, 0), last), Math.min(Math.max(y, 0), last)]
  const [left, top] = [Math.floor(column), Math.floor(row)]
  const [fx, fy] = [column - left, row - top]
  const at = top * side + left
  const right = left < last ? 1 : 0
  const below = top < last ? side : 0
  const upper = values[at] * (1 - fx) + values[at + right] * fx
  const lower = values[at + below] * (1 - fx) + values[at + below + right] * fx
  return upper * (1 - fy) + lower * fy
}
