/** Which texels of an image a triangle covers, and which a whole atlas does. */
import type { Mesh } from '../mesh.ts'
import type { Atlas } from './atlas.ts'

/**
 * Calls `visit` for each texel whose centre lies in the triangle (a, b, c), anticlockwise with y up; coordinates are in
 * texels, the centre of texel (x, y) at (x + 0.5, y + 0.5). `wb` and `wc` are the centre's barycentric weights at b
 * and c, and a's is what they leave of 1. Centres less than `margin` (as a weight) inside an edge are left out.
 */
export function eachTexel(
  corners: ArrayLike<number>,
  margin: number,
  visit: (x: number, y: number, wb: number, wc: number) => void,
): void {
  const [ax, ay] = [corners[0], corners[1]]
  const [bx, by] = [corners[2], corners[3]]
  const [cx, cy] = [corners[4], corners[5]]
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
  if (area <= 0) return
  const left = Math.floor(Math.min(ax, bx, cx))
  const right = Math.ceil(Math.max(ax, bx, cx) - 0.5)
  const top = Math.ceil(Math.max(ay, by, cy) - 0.5)
  for (let y = Math.floor(Math.min(ay, by, cy)); y < top; y++) {
    const py = y + 0.5 - ay
    let isMet = false
    for (let x = left; x < right; x++) {
      const px = x + 0.5 - ax
      const wb = (px * (cy - ay) - py * (cx - ax)) / area
      const wc = (py * (bx - ax) - px * (by - ay)) / area
      if (wb >= margin && wc >= margin && 1 - wb - wc >= margin) {
        isMet = true
        visit(x, y, wb, wc)
      } else if (isMet) break
    }
  }
}

/** What lies behind the texels that an atlas uses, in the order of its triangles. */
export interface Texels {
  /** Side of the texture. */
  readonly size: number
  /** [n] texel numbers, rows from the top as in an image. */
  readonly places: Int32Array
  /** [n] index of the triangle's first corner. */
  readonly triangles: Int32Array
  /** [n, 2] weights of its second and third corner. */
  readonly weights: Float32Array
}

export function texelsOf({ triangles }: Mesh, { uvs, corners }: Atlas, size: number): Texels {
  const filled = new Uint8Array(size ** 2)
  const places = new Int32Array(size ** 2)
  const owners = new Int32Array(size ** 2)
  const weights = new Float32Array(2 * size ** 2)
  let count = 0
  const flat = [0, 0, 0, 0, 0, 0]
  let owner = 0
  const take = (x: number, y: number, wb: number, wc: number) => {
    // Rows of an image go down, v goes up.
    const place = (size - 1 - y) * size + x
    if (filled[place]) return
    filled[place] = 1
    places[count] = place
    owners[count] = owner
    weights[2 * count] = wb
    weights[2 * count + 1] = wc
    count++
  }
  for (let t = 0; t < triangles.length; t += 3) {
    for (let k = 0; k < 3; k++) {
      flat[k * 2] = uvs[corners[t + k] * 2] * size
      flat[k * 2 + 1] = uvs[corners[t + k] * 2 + 1] * size
    }
    owner = t
    eachTexel(flat, 0, take)
    // A triangle between texel centres may be a chart of its own, and must not be left to its neighbours' colours.
    take(Math.floor((flat[0] + flat[2] + flat[4]) / 3), Math.floor((flat[1] + flat[3] + flat[5]) / 3), 1 / 3, 1 / 3)
  }
  return {
    size,
    places: places.subarray(0, count),
    triangles: owners.subarray(0, count),
    weights: weights.subarray(0, 2 * count),
  }
}

/**
 * Fills every texel outside the charts with its nearest chart's value, so that no filter ever meets a foreign one.
 * @param pixels [size * size, channels]
 */
export function spread(pixels: Uint8Array, { size, places }: Texels): void {
  const channels = pixels.length / size ** 2
  const last = size - 1
  const filled = new Uint8Array(size ** 2)
  for (let n = 0; n < places.length; n++) filled[places[n]] = 1
  // From the charts' borders on: what lies inside has nothing to fill.
  const queue = new Int32Array(size ** 2)
  let end = 0
  for (let n = 0; n < places.length; n++) {
    const place = places[n]
    const isInside = filled[place - 1] & filled[place + 1] & filled[place - size] & filled[place + size]
    if (!isInside) queue[end++] = place
  }
  const reach = (from: number, to: number) => {
    if (filled[to]) return
    filled[to] = 1
    for (let k = 0; k < channels; k++) pixels[to * channels + k] = pixels[from * channels + k]
    queue[end++] = to
  }
  for (let n = 0; n < end; n++) {
    const from = queue[n]
    const x = from % size
    if (x > 0) reach(from, from - 1)
    if (x < last) reach(from, from + 1)
    if (from >= size) reach(from, from - size)
    if (from < size * last) reach(from, from + size)
  }
}
