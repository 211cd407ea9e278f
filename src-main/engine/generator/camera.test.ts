/** Cameras against recorded poses of the reference, and the rays they cast. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { orbitCamera, PORTRAIT_FOCAL } from './camera.ts'
import { castRays } from './rays.ts'

interface Pose {
  readonly h: number
  readonly v: number
  readonly pivot: [number, number, number]
  readonly radius: number
  readonly cam2world: number[]
}

const recorded: { lookat: Pose[]; front: number[] } = JSON.parse(
  readFileSync(new URL('./fixtures/camera.json', import.meta.url), 'utf8'),
)
const orbit = { avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] as [number, number, number] }

/** The reference's h and v: both pi/2 from the front; v is equal area on the sphere. */
const sampled = (at: Parameters<typeof orbitCamera>[0], h: number, v: number) =>
  orbitCamera(at, h - Math.PI / 2, Math.PI / 2 - Math.acos(1 - (2 * v) / Math.PI))

describe('orbitCamera', () => {
  it.each(recorded.lookat)('gives the recorded pose ($h, $v, radius $radius)', ({ h, v, pivot, radius, cam2world }) => {
    const label = sampled({ avg_camera_radius: radius, avg_camera_pivot: pivot }, h, v)
    cam2world.forEach((value, i) => {
      expect(label[i]).toBeCloseTo(value, 5)
    })
  })

  it('gives the label that the official tools call the front', () => {
    const label = sampled(orbit, 3.14 / 2, 3.14 / 2)
    expect(label.length).toBe(25)
    recorded.front.forEach((value, i) => {
      expect(label[i]).toBeCloseTo(value, 5)
    })
  })

  it('stands at its radius, is rigid, upright, and its middle ray meets the pivot', () => {
    for (const yaw of [-1.5, -0.3, 0, 0.5, 3]) {
      for (const pitch of [-0.6, 0, 0.4]) {
        const label = orbitCamera(orbit, yaw, pitch)
        const centre = [label[3], label[7], label[11]]
        expect(Math.hypot(...centre)).toBeCloseTo(2.7, 5)
        expect(Math.sign(label[7])).toBe(Math.sign(Math.fround(Math.sin(pitch))))
        expect(label[4]).toBeCloseTo(0, 6)
        expect([label[16], label[20]]).toEqual([Math.fround(PORTRAIT_FOCAL), Math.fround(PORTRAIT_FOCAL)])
        const { directions } = castRays(label, 3, Uint32Array.of(4))
        const towards = orbit.avg_camera_pivot.map((value, i) => value - centre[i])
        const distance = Math.hypot(...towards)
        directions.forEach((value, i) => {
          expect(value).toBeCloseTo(towards[i] / distance, 5)
        })
      }
    }
  })
})
