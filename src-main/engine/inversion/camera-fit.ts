/**
 * The camera as seven numbers around the one the landmarks gave, so that an inversion can put right what the fit got
 * wrong. Each number is in standard deviations of its prior: the penalty is half its square.
 */

import { DEGREE, zoom } from '../generator/camera.ts'

/**
 * What one unit means: yaw, pitch, roll in radians; shift right, shift down, distance in world units; the logarithm of
 * the focal length, the pivot keeping its size.
 */
const UNIT = [2.5 * DEGREE, 3.5 * DEGREE, 1.5 * DEGREE, 0.0025, 0.0045, 0.1, 0.1]

/**
 * yaw, pitch and roll turn the camera about `pivot`, the focal length moves it to or from there; the shifts move it along
 * its own axes.
 */
export const CAMERA_PARAMETERS = UNIT.length

/**
 * @param label the camera to start from, 25 numbers
 * @param pivot world point that yaw and pitch turn about
 * @param parameters seven numbers in prior standard deviations; zeros give `label` back
 */
export function moveCamera(label: Float32Array, pivot: readonly number[], parameters: ArrayLike<number>): Float32Array {
  const [yaw, pitch, roll, right, down, away, focal] = UNIT.map((unit, i) => unit * parameters[i])
  let axes = [0, 1, 2].map((column) => [label[column], label[4 + column], label[8 + column]])
  let centre = [label[3], label[7], label[11]].map((value, i) => value - pivot[i])
  const turn = (axis: readonly number[], angle: number) => {
    centre = rotate(centre, axis, angle)
    axes = axes.map((vector) => rotate(vector, axis, angle))
  }
  turn([0, 1, 0], yaw)
  turn(axes[0], -pitch)
  axes = axes.map((vector) => rotate(vector, axes[2], roll))
  const longer = Math.exp(focal)
  centre = centre.map((value) => longer * value)
  const result = zoom(label, longer)
  for (let i = 0; i < 3; i++) {
    result.set([axes[0][i], axes[1][i], axes[2][i]], i * 4)
    result[i * 4 + 3] = pivot[i] + centre[i] + right * axes[0][i] + down * axes[1][i] - away * axes[2][i]
  }
  return result
}

/** Rodrigues: v cos a + (k x v) sin a + k (k . v) (1 - cos a). */
function rotate(v: readonly number[], k: readonly number[], angle: number): number[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const along = (k[0] * v[0] + k[1] * v[1] + k[2] * v[2]) * (1 - cos)
  return [0, 1, 2].map((i) => {
    const [j, l] = [(i + 1) % 3, (i + 2) % 3]
    return v[i] * cos + (k[j] * v[l] - k[l] * v[j]) * sin + k[i] * along
  })
}

/**
 * The adjoint of `moveCamera`, by central differences of the 25 numbers: J^T g.
 * @param gradient [25] of the label
 */
export function moveCameraBackward(
  label: Float32Array,
  pivot: readonly number[],
  parameters: ArrayLike<number>,
  gradient: Float32Array,
): Float32Array {
  const wide = Float64Array.from(label) as unknown as Float32Array
  const step = 1e-2
  return Float32Array.from({ length: CAMERA_PARAMETERS }, (_, k) => {
    const at = (delta: number) => {
      const moved = Float64Array.from(parameters)
      moved[k] += delta
      return moveCamera(wide, pivot, moved)
    }
    const [plus, minus] = [at(step), at(-step)]
    return gradient.reduce((sum, g, i) => sum + (g * (plus[i] - minus[i])) / (2 * step), 0)
  })
}
