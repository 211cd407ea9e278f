/** Cameras between three.js and the engine's labels, and where world points fall in a crop. */

import type { PerspectiveCamera } from 'three'
import { PORTRAIT_FOCAL } from '../../src-main/engine/generator/camera.ts'
import type { PoseCorrection } from '../../src-main/session/api.ts'

/** What the stage begins with: air around the head, above a high crown too. */
export const FIRST_ZOOM = 0.72
/** Vertical field of view that goes with it, degrees. */
export const FIELD_OF_VIEW = (2 * Math.atan(0.5 / PORTRAIT_FOCAL) * 180) / Math.PI

/**
 * The engine's camera label of the square in the middle of the stage: cam2world with axes right, down, forward, then
 * the intrinsics.
 */
export function toLabel(camera: PerspectiveCamera): number[] {
  camera.updateMatrixWorld()
  const m = camera.matrixWorld.elements
  // three.js keeps columns together and has axes right, up, back.
  const row = (i: number) => [m[i], -m[4 + i], -m[8 + i], m[12 + i]]
  const f = PORTRAIT_FOCAL * camera.zoom
  return [...row(0), ...row(1), ...row(2), 0, 0, 0, 1, f, 0, 0.5, 0, f, 0.5, 0, 0, 1]
}

/** A camera as plain data: column by column its matrix to the world, and half its picture's height at distance 1. */
export interface Eye {
  readonly toWorld: readonly number[]
  readonly reach: number
}

export function toEye(camera: PerspectiveCamera): Eye {
  camera.updateMatrixWorld()
  return {
    toWorld: [...camera.matrixWorld.elements],
    reach: Math.tan((camera.fov * Math.PI) / 360) / camera.zoom,
  }
}

/** Where an orbit round the world's origin stands, radians: azimuth from the front, polar angle from above. */
export interface Orbit {
  azimuth: number
  polar: number
}

/**
 * The orbit that sees a head from where a camera does.
 * @param pivot what the camera looks at
 */
export function orbitOf(label: readonly number[], pivot: readonly number[]): Orbit {
  const [x, y, z] = [0, 1, 2].map((i) => label[4 * i + 3] - pivot[i])
  return { azimuth: Math.atan2(x, z), polar: Math.acos(y / Math.hypot(x, y, z)) }
}

/** @returns crop coordinates 0..1 of a world point under a camera label */
export function projectPoint(label: readonly number[], point: readonly [number, number, number]): [number, number] {
  const d = point.map((value, i) => value - label[4 * i + 3])
  const along = (axis: number) => d[0] * label[axis] + d[1] * label[4 + axis] + d[2] * label[8 + axis]
  const [x, y, z] = [along(0), along(1), along(2)]
  return [(label[16] * x) / z + label[18], (label[20] * y) / z + label[21]]
}

interface CropWindow {
  centre: readonly [number, number]
  side: number
  roll: number
}

/**
 * The crop's window under another correction by hand, before the engine has made that portrait.
 * @param portrait as the engine made it, with the correction it was made with
 */
export function windowUnder(
  { centre, side, roll, correction: made }: CropWindow & { correction: PoseCorrection },
  wanted: PoseCorrection,
): CropWindow {
  // Shifts count along the sides of the automatic window, which the correction's roll and scale do not change.
  const [automatic, angle] = [side / made.scale, roll - made.roll]
  const [x, y] = [(wanted.dx - made.dx) * automatic, (wanted.dy - made.dy) * automatic]
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return {
    centre: [centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y],
    side: automatic * wanted.scale,
    roll: angle + wanted.roll,
  }
}

/** Crop coordinates 0..1 to photo pixels. */
export function cropToPhoto({ centre, side, roll }: CropWindow, [u, v]: readonly [number, number]): [number, number] {
  const [x, y] = [(u - 0.5) * side, (v - 0.5) * side]
  const [cos, sin] = [Math.cos(roll), Math.sin(roll)]
  return [centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y]
}
