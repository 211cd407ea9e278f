import { expect, it } from 'vitest'
import { decodedSample, sharedLandmarker } from '../../../testing/face.ts'
import { headLike, solid } from '../../../testing/solids.ts'
import { cutCrop } from '../face/crop.ts'
import { orbitCamera, project } from '../generator/camera.ts'
import { extractSurface } from '../surface/surface.ts'
import { secondFaces } from './second-face.ts'

it('finds a face on the back, and none where there is none', async () => {
  const orbit = { avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] as [number, number, number] }
  const landmarker = await sharedLandmarker()
  const head = await extractSurface(solid(headLike()), { resolution: 96 })
  expect(await secondFaces(head, orbit, landmarker)).toEqual({ colour: 0, clay: 0 })

  // A portrait painted on the back, as planes do that know no behind.
  const size = 256
  const { rgb } = cutCrop(await decodedSample(), { centre: [224, 121], side: 167, roll: 0 }, size)
  const behind = orbitCamera(orbit, Math.PI)
  const colours = head.positions.map((_, i) => {
    const [x, y, z] = head.positions.subarray(i - (i % 3), i - (i % 3) + 3)
    const [u, v] = project(behind, x, y, z).map((at) => Math.min(Math.max(Math.floor(at * size), 0), size - 1))
    return z < 0.05 ? rgb[3 * (v * size + u) + (i % 3)] / 255 : 0.5
  })
  const painted = await secondFaces({ ...head, colours }, orbit, landmarker)
  expect(painted.colour).toBeGreaterThan(0)
  expect(painted.clay).toBe(0)
})
