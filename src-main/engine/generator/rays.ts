/** Rays from a camera label, and the way back: gradients of rays to gradients of the label (docs/eg3d.md, Rays). */

export interface Rays {
  /** World positions and unit directions, [M * 3] each. */
  readonly origins: Float32Array
  readonly directions: Float32Array
}

/**
 * Where the centre of pixel `index` in an n x n picture lies, 0..1, and its camera-space direction (x, y, 1):
 * x = (u - cx + cy sk/fy - sk v/fy)/fx, y = (v - cy)/fy.
 */
function unproject(label: Float32Array, index: number, n: number) {
  const u = ((index % n) + 0.5) / n
  const v = (Math.floor(index / n) + 0.5) / n
  const [fx, skew, cx, fy, cy] = [label[16], label[17], label[18], label[20], label[21]]
  return { u, v, x: (u - cx + (cy * skew) / fy - (skew * v) / fy) / fx, y: (v - cy) / fy }
}

/**
 * @param label 25 numbers: cam2world, row-major 4x4 (x right, y down, z forward), then intrinsics, row-major 3x3,
 *   normalised by the picture's size
 * @param n side of the picture in rays
 * @param indices which rays, row * n + column; default all
 */
export function castRays(label: Float32Array, n: number, indices?: Uint32Array): Rays {
  const count = indices?.length ?? n * n
  const origins = new Float32Array(count * 3)
  const directions = new Float32Array(count * 3)
  for (let i = 0; i < count; i++) {
    const { x, y } = unproject(label, indices?.[i] ?? i, n)
    const dx = label[0] * x + label[1] * y + label[2]
    const dy = label[4] * x + label[5] * y + label[6]
    const dz = label[8] * x + label[9] * y + label[10]
    const length = Math.max(Math.hypot(dx, dy, dz), 1e-12)
    const at = 3 * i
    directions[at] = dx / length
    directions[at + 1] = dy / length
    directions[at + 2] = dz / length
    origins[at] = label[3]
    origins[at + 1] = label[7]
    origins[at + 2] = label[11]
  }
  return { origins, directions }
}

/**
 * The adjoint of `castRays`: gradient of the 25 label numbers from the gradients of origins and directions.
 * With m = R p, p = (x, y, 1), d = m/|m|: g_m = (g_d - d (d . g_d)) / |m|, g_R = g_m p^T, g_p = R^T g_m.
 */
export function castRaysBackward(label: Float32Array, n: number, gradient: Rays, indices?: Uint32Array): Float32Array {
  const result = new Float64Array(25)
  const [fx, skew, , , fy, cy] = label.subarray(16)
  const count = gradient.origins.length / 3
  const [m, g] = [new Float64Array(3), new Float64Array(3)]
  for (let i = 0; i < count; i++) {
    const { v, x, y } = unproject(label, indices?.[i] ?? i, n)
    for (let row = 0; row < 3; row++) m[row] = label[4 * row] * x + label[4 * row + 1] * y + label[4 * row + 2]
    const length = Math.max(Math.hypot(m[0], m[1], m[2]), 1e-12)
    for (let axis = 0; axis < 3; axis++) g[axis] = gradient.directions[i * 3 + axis]
    const along = (m[0] * g[0] + m[1] * g[1] + m[2] * g[2]) / (length * length)
    let gx = 0
    let gy = 0
    for (let axis = 0; axis < 3; axis++) {
      const gm = (g[axis] - m[axis] * along) / length
      result[axis * 4] += gm * x
      result[axis * 4 + 1] += gm * y
      result[axis * 4 + 2] += gm
      result[axis * 4 + 3] += gradient.origins[i * 3 + axis]
      gx += gm * label[axis * 4]
      gy += gm * label[axis * 4 + 1]
    }
    const drop = (cy - v) / fy
    result[16] -= (gx * x) / fx
    result[17] += (gx * drop) / fx
    result[18] -= gx / fx
    result[20] -= (gx * skew * drop) / (fx * fy) + (gy * y) / fy
    result[21] += (gx * skew) / (fx * fy) - gy / fy
  }
  return Float32Array.from(result)
}
