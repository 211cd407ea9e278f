/** Cameras by name of angle: labels of 25 numbers, cam2world and intrinsics (docs/eg3d.md, Cameras). */
import type { GeneratorConfig } from '../checkpoint/config.ts'
import { cross, minus, unit, type Vector3 } from '../vectors.ts'

/** Focal length of the portrait crops, in picture sides. */
export const PORTRAIT_FOCAL = 4.2647

/** How many times as wide as the crop a picture is that shows the rest of the person: the cube of a head just fits. */
export const WIDE = 1.5

/** In radians. */
export const DEGREE = Math.PI / 180

/** Numbers of a camera label. */
export const LABEL = 25

type Orbit = Readonly<
  Pick<GeneratorConfig['rendering_kwargs'], 'avg_camera_radius'> & Record<'avg_camera_pivot', Vector3>
>

/**
 * The camera at `avg_camera_radius` from the world's origin, looking at the pivot, upright.
 * @param yaw radians; positive sees the head's left side (the camera moves to +x)
 * @param pitch radians; positive looks from above
 */
export function orbitCamera(orbit: Orbit, yaw: number, pitch = 0): Float32Array {
  const { centre, right, down, forward } = orbitAxes(orbit, yaw, pitch)
  const row = (i: number) => [right[i], down[i], forward[i], centre[i]]
  const f = PORTRAIT_FOCAL
  return Float32Array.from([...row(0), ...row(1), ...row(2), 0, 0, 0, 1, f, 0, 0.5, 0, f, 0.5, 0, 0, 1])
}

/** Where that camera stands, and its axes. */
export function orbitAxes({ avg_camera_radius: radius, avg_camera_pivot: pivot }: Orbit, yaw: number, pitch: number) {
  const centre: Vector3 = [
    radius * Math.cos(pitch) * Math.sin(yaw),
    radius * Math.sin(pitch),
    radius * Math.cos(pitch) * Math.cos(yaw),
  ]
  const forward = unit(minus(pivot, centre))
  const right = unit(cross(forward, [0, 1, 0]))
  return { centre, right, down: cross(forward, right), forward }
}

/** The same camera with its focal length times `factor`: less than 1 takes in more. */
export function zoom(label: Float32Array, factor: number): Float32Array {
  const result = Float32Array.from(label)
  for (const at of [16, 20]) result[at] *= factor
  return result
}

/**
 * A world point as a camera sees it.
 * @param label camera, 25 numbers: cam2world (4 x 4, rows; right, down, forward) and intrinsics (3 x 3, rows)
 * @returns column and row in picture sides (the middle is 0.5, 0.5), and the distance along the camera's axis
 */
export function project(label: Float32Array, x: number, y: number, z: number): [u: number, v: number, depth: number] {
  const [dx, dy, dz] = [x - label[3], y - label[7], z - label[11]]
  const right = label[0] * dx + label[4] * dy + label[8] * dz
  const down = label[1] * dx + label[5] * dy + label[9] * dz
  const depth = label[2] * dx + label[6] * dy + label[10] * dz
  return [(label[16] * right + label[17] * down) / depth + label[18], (label[20] * down) / depth + label[21], depth]
}
