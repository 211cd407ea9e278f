/** A rendering's shape without its colours: what is to be seen of a head as clay, lit from above the camera. */

import { castRays } from '../../src-main/engine/generator/rays.ts'
import type { Rendering } from '../../src-main/engine/generator/renderer.ts'
import { OPAQUE } from '../../src-main/engine/head/views.ts'

/** Light from nowhere, and from the lamp. */
const AMBIENT = 0.25
const LAMP = 0.75
/** From the camera a little up, in the camera's axes (x right, y down, z forward). */
const TOWARDS_LAMP = [-0.3, -0.5, -0.8].map((value) => value / Math.hypot(0.3, 0.5, 0.8))

/**
 * @param label the rendering's camera
 * @returns [side * side * 3] bytes, on white
 */
export function clayPicture({ depth, opacity }: Rendering, label: Float32Array, side: number): Uint8Array {
  const { origins, directions } = castRays(label, side)
  const at = (i: number) => [0, 1, 2].map((axis) => origins[3 * i + axis] + depth[i] * directions[3 * i + axis])
  const lamp = [0, 1, 2].map((row) =>
    TOWARDS_LAMP.reduce((sum, value, column) => sum + value * label[4 * row + column], 0),
  )
  const rgb = new Uint8Array(side * side * 3).fill(255)
  for (let row = 0; row < side - 1; row++) {
    for (let column = 0; column < side - 1; column++) {
      const i = row * side + column
      if ([i, i + 1, i + side].some((pixel) => opacity[pixel] < OPAQUE)) continue
      const [point, right, below] = [at(i), at(i + 1), at(i + side)]
      const [a, b] = [right, below].map((other) => other.map((value, axis) => value - point[axis]))
      // Rows go down, so that this one points to the camera.
      const normal = [b[1] * a[2] - b[2] * a[1], b[2] * a[0] - b[0] * a[2], b[0] * a[1] - b[1] * a[0]]
      const lit = normal.reduce((sum, value, axis) => sum + value * lamp[axis], 0) / Math.hypot(...normal)
      rgb.fill(Math.round(255 * (AMBIENT + LAMP * Math.max(0, lit)) * 0.8), 3 * i, 3 * i + 3)
    }
  }
  return rgb
}
