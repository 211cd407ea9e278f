import { PerspectiveCamera } from 'three'
import { expect, test } from 'vitest'
import { adjustPortrait, type Portrait } from '../../src-main/engine/face/portrait.ts'
import { cameraLabel, type Pose } from '../../src-main/engine/face/pose.ts'
import { castRays } from '../../src-main/engine/generator/rays.ts'
import type { PoseCorrection } from '../../src-main/session/api.ts'
import { cropToPhoto, FIELD_OF_VIEW, FIRST_ZOOM, orbitOf, projectPoint, toLabel, windowUnder } from './camera.ts'

const NONE: PoseCorrection = { dx: 0, dy: 0, scale: 1, roll: 0, yaw: 0, pitch: 0 }
const POSE: Pick<Pose, 'yaw' | 'pitch' | 'focal' | 'rms'> = { yaw: 0, pitch: 0, focal: 4.2647, rms: 0 }

function orbit(yaw: number, height = 0): PerspectiveCamera {
  const camera = new PerspectiveCamera(FIELD_OF_VIEW, 1)
  camera.position.set(2.7 * Math.sin(yaw), height, 2.7 * Math.cos(yaw))
  camera.lookAt(0, 0, 0)
  return camera
}

test('the stage from the front is the camera of a portrait from the front', () => {
  const label = toLabel(orbit(0))
  const portrait = cameraLabel('own', 0, 0)
  label.forEach((value, i) => {
    expect(value).toBeCloseTo(portrait[i], 5)
  })
})

test('the first view has air above a high crown, and is still filled by the head', () => {
  const camera = orbit(0)
  camera.zoom = FIRST_ZOOM
  // As high as hair is drawn, in a world whose cube ends at 0.5; the chin of the average head.
  const [, crown] = projectPoint(toLabel(camera), [0, 0.406, 0])
  const [, chin] = projectPoint(toLabel(camera), [0, -0.19, 0.17])
  expect(crown).toBeGreaterThan(0.03)
  expect(chin - crown).toBeGreaterThan(0.6)
})

test('the stage opens at the photo’s view', () => {
  const [yaw, pitch] = [-0.4, 0.15]
  const { azimuth, polar } = orbitOf([...cameraLabel('eg3d', yaw, pitch)], [0, 0, 0.2])
  expect(azimuth).toBeCloseTo(yaw, 1)
  expect(polar).toBeCloseTo(Math.PI / 2 - pitch, 1)
})

test('a point is drawn where the engine’s ray through that place meets it', () => {
  const camera = orbit(0.7, 0.4)
  camera.zoom = 1.3
  const label = toLabel(camera)
  const point: [number, number, number] = [0.11, -0.07, 0.2]
  const [u, v] = projectPoint(label, point)
  const side = 1024
  const pixel = Math.floor(v * side) * side + Math.floor(u * side)
  const { origins, directions } = castRays(Float32Array.from(label), side, Uint32Array.of(pixel))
  const to = point.map((value, i) => value - origins[i])
  const along = to.reduce((sum, value, i) => sum + value * directions[i], 0)
  const miss = Math.hypot(...to.map((value, i) => value - along * directions[i]))
  expect(miss).toBeLessThan(1e-3)
})

test('the middle of a turned crop stays its middle, and its right edge points along its roll', () => {
  const window = { centre: [300, 200] as const, side: 100, roll: Math.PI / 2 }
  expect(cropToPhoto(window, [0.5, 0.5])).toEqual([300, 200])
  const [x, y] = cropToPhoto(window, [1, 0.5])
  expect(x).toBeCloseTo(300)
  expect(y).toBeCloseTo(250)
})

test('a frame that is dragged is where the engine will put it', () => {
  const photo = { width: 400, height: 300, rgb: new Uint8Array(400 * 300 * 3), notes: [] }
  const pose = { ...POSE, centre: [200, 150] as [number, number], side: 120, roll: 0.3 }
  const found = {
    frame: 'eg3d',
    pose,
    crop: { size: 16 },
    warnings: [],
    interocular: 80,
    blur: 0,
  } as unknown as Portrait
  const correction = (values: Partial<PoseCorrection>) => ({ ...NONE, ...values })
  const made = correction({ dx: 0.1, scale: 1.2, roll: -0.2 })
  const wanted = correction({ dx: -0.15, dy: 0.2, scale: 0.8, roll: 0.4 })
  const before = adjustPortrait(photo, found, made).pose
  const after = adjustPortrait(photo, found, wanted).pose
  const shown = windowUnder({ ...before, correction: made }, wanted)
  expect(shown.side).toBeCloseTo(after.side)
  expect(shown.roll).toBeCloseTo(after.roll)
  expect(shown.centre[0]).toBeCloseTo(after.centre[0])
  expect(shown.centre[1]).toBeCloseTo(after.centre[1])
})
