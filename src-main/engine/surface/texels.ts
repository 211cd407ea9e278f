/** Which texels of an image a triangle covers. */

/**
 * Calls `visit` for each texel whose centre lies in the triangle (a, b, c), anticlockwise with y up; coordinates are in
 * texels, the centre of texel (x, y) at (x + 0.5, y + 0.5). `wb` and `wc` are the centre's barycentric weights at b
 * and c, and a's is what they leave of 1. Centres less than `margin` (as a weight) inside an edge are left out.
 */
export function eachTexel(
  [ax, ay, bx, by, cx, cy]: ArrayLike<number> & Iterable<number>,
  margin: number,
  visit: (x: number, y: number, wb: number, wc: number) => void,
): void {
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
  if (area <= 0) return
  const top = Math.ceil(Math.max(ay, by, cy) - 0.5)
  const right = Math.ceil(Math.max(ax, bx, cx) - 0.5)
  for (let y = Math.floor(Math.min(ay, by, cy)); y < top; y++) {
    for (let x = Math.floor(Math.min(ax, bx, cx)); x < right; x++) {
      const [px, py] = [x + 0.5 - ax, y + 0.5 - ay]
      const wb = (px * (cy - ay) - py * (cx - ax)) / area
      const wc = (py * (bx - ax) - px * (by - ay)) / area
      if (wb >= margin && wc >= margin && 1 - wb - wc >= margin) visit(x, y, wb, wc)
    }
  }
}
