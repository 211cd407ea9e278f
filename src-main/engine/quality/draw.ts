/** A surface as a person sees it who turns it round: in its own colours, unlit, or as clay. */
import type { Surface } from '../surface/mesh.ts'
import type { Visibility } from '../surface/rasterize.ts'

/** Light from nowhere, and from the lamp. */
const AMBIENT = 0.25
const LAMP = 0.75
/** The lamp hangs a little above the camera; in the camera's axes (right, down, forward). */
const TOWARDS_LAMP = [-0.3, -0.5, -0.8].map((value) => value / Math.hypot(0.3, 0.5, 0.8))
const CLAY = 204

/** A value of each vertex, `width` numbers wide, between the corners of the triangle a pixel shows. */
export function between(
  { triangles }: Surface,
  { triangle, weights }: Visibility,
  values: Float32Array,
  width: number,
) {
  return (pixel: number, k: number) => {
    const t = triangle[pixel]
    const wb = weights[2 * pixel]
    const wc = weights[2 * pixel + 1]
    const [a, b, c] = [triangles[t] * width + k, triangles[t + 1] * width + k, triangles[t + 2] * width + k]
    return (1 - wb - wc) * values[a] + wb * values[b] + wc * values[c]
  }
}

/**
 * @param sight what the camera sees of the surface
 * @returns RGB, 8 bits, on white
 */
export function drawColours(surface: Surface, sight: Visibility): Uint8Array {
  const colour = between(surface, sight, surface.colours, 3)
  return draw(sight, (pixel, rgb) => {
    for (let k = 0; k < 3; k++) rgb[3 * pixel + k] = Math.round(255 * colour(pixel, k))
  })
}

/** @param label the camera of `sight` */
export function drawClay(surface: Surface, sight: Visibility, label: Float32Array): Uint8Array {
  const normal = between(surface, sight, surface.normals, 3)
  const lamp = [0, 1, 2].map((row) => TOWARDS_LAMP.reduce((sum, value, axis) => sum + value * label[4 * row + axis], 0))
  return draw(sight, (pixel, rgb) => {
    const lit = lamp[0] * normal(pixel, 0) + lamp[1] * normal(pixel, 1) + lamp[2] * normal(pixel, 2)
    rgb.fill(Math.round(CLAY * (AMBIENT + LAMP * Math.max(0, lit))), 3 * pixel, 3 * pixel + 3)
  })
}

/** @param paint a pixel that shows the surface */
function draw({ size, triangle }: Visibility, paint: (pixel: number, rgb: Uint8Array) => void): Uint8Array {
  const rgb = new Uint8Array(3 * size * size).fill(255)
  for (let pixel = 0; pixel < size * size; pixel++) if (triangle[pixel] >= 0) paint(pixel, rgb)
  return rgb
}
