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
    const [wb, wc] = [weights[2 * pixel], weights[2 * pixel + 1]]
    const at = (corner: number) => values[triangles[t + corner] * width + k]
    return (1 - wb - wc) * at(0) + wb * at(1) + wc * at(2)
  }
}

/**
 * @param sight what the camera sees of the surface
 * @returns RGB, 8 bits, on white
 */
export function drawColours(surface: Surface, sight: Visibility): Uint8Array {
  const colour = between(surface, sight, surface.colours, 3)
  return draw(sight, (pixel, k) => 255 * colour(pixel, k))
}

/** @param label the camera of `sight` */
export function drawClay(surface: Surface, sight: Visibility, label: Float32Array): Uint8Array {
  const normal = between(surface, sight, surface.normals, 3)
  const lamp = [0, 1, 2].map((row) => TOWARDS_LAMP.reduce((sum, value, axis) => sum + value * label[4 * row + axis], 0))
  return draw(sight, (pixel) => {
    const lit = lamp.reduce((sum, value, k) => sum + value * normal(pixel, k), 0)
    return CLAY * (AMBIENT + LAMP * Math.max(0, lit))
  })
}

function draw({ size, triangle }: Visibility, level: (pixel: number, channel: number) => number): Uint8Array {
  const rgb = new Uint8Array(3 * size * size).fill(255)
  for (let pixel = 0; pixel < size * size; pixel++) {
    if (triangle[pixel] < 0) continue
    for (let k = 0; k < 3; k++) rgb[3 * pixel + k] = Math.round(level(pixel, k))
  }
  return rgb
}
