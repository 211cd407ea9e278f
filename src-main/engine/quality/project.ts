/** World points as a camera sees them. */

/**
 * @param label camera, 25 numbers: cam2world (4 x 4, rows; right, down, forward) and intrinsics (3 x 3, rows)
 * @param point world x, y, z
 * @returns column and row in picture sides (the centre is 0.5, 0.5), and the distance in front of the camera
 */
export function project(label: Float32Array, [x, y, z]: ArrayLike<number> & Iterable<number>): number[] {
  const [dx, dy, dz] = [x - label[3], y - label[7], z - label[11]]
  const right = label[0] * dx + label[4] * dy + label[8] * dz
  const down = label[1] * dx + label[5] * dy + label[9] * dz
  const forward = label[2] * dx + label[6] * dy + label[10] * dz
  return [
    (label[16] * right + label[17] * down) / forward + label[18],
    (label[20] * down) / forward + label[21],
    forward,
  ]
}
