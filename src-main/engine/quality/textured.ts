/** A surface as a camera sees it, unlit, on white: with its texture, or with a colour for each vertex. */
import type { Surface } from '../surface/mesh.ts'
import { rasterize } from '../surface/rasterize.ts'
import type { Texture } from '../surface/texture/texture.ts'

/** Each pixel is the mean of this many samples a side. */
const SAMPLES = 2

/**
 * @param texture absent: the vertices' colours
 * @returns RGB, 8 bits, `size * size` pixels
 */
export function drawSurface(surface: Surface, label: Float32Array, size: number, texture?: Texture): Uint8Array {
  const fine = size * SAMPLES
  const { triangle, weights } = rasterize(surface, label, fine)
  const sums = new Float32Array(3 * size * size)
  const colour = new Float32Array(3)
  for (let i = 0; i < fine * fine; i++) {
    const t = triangle[i]
    if (t < 0) colour.fill(1)
    else {
      const [wb, wc] = [weights[2 * i], weights[2 * i + 1]]
      const mix = (values: Float32Array, numbers: Uint32Array, width: number, k: number) =>
        (1 - wb - wc) * values[numbers[t] * width + k] +
        wb * values[numbers[t + 1] * width + k] +
        wc * values[numbers[t + 2] * width + k]
      if (texture) {
        const { uvs, corners } = texture.atlas
        lookUp(texture.colours, mix(uvs, corners, 2, 0), mix(uvs, corners, 2, 1), colour)
      } else for (let k = 0; k < 3; k++) colour[k] = mix(surface.colours, surface.triangles, 3, k)
    }
    const pixel = Math.trunc(Math.trunc(i / fine) / SAMPLES) * size + Math.trunc((i % fine) / SAMPLES)
    for (let k = 0; k < 3; k++) sums[3 * pixel + k] += colour[k]
  }
  return Uint8Array.from(sums, (sum) => Math.round((255 * sum) / SAMPLES ** 2))
}

/** Bilinear; v goes up, rows go down. */
function lookUp(pixels: Uint8Array, u: number, v: number, into: Float32Array): void {
  const side = Math.sqrt(pixels.length / 3)
  const limit = (value: number) => Math.min(Math.max(value, 0), side - 1)
  const [x, y] = [limit(u * side - 0.5), limit((1 - v) * side - 0.5)]
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [right, bottom] = [limit(left + 1), limit(top + 1)]
  const [fx, fy] = [x - left, y - top]
  for (let k = 0; k < 3; k++) {
    const at = (column: number, row: number) => pixels[3 * (row * side + column) + k]
    const upper = at(left, top) * (1 - fx) + at(right, top) * fx
    const lower = at(left, bottom) * (1 - fx) + at(right, bottom) * fx
    into[k] = (upper * (1 - fy) + lower * fy) / 255
  }
}
