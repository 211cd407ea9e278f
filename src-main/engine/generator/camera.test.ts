/** Cameras against recorded poses of the reference, and the rays they cast. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lookAt, orbitCamera, PORTRAIT_FOCAL } from './camera.ts'
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

describe('lookAt', () => {
  it.each(recorded.lookat)('gives the recorded pose ($h, $v, radius $radius)', ({ h, v, pivot, radius, cam2world }) => {
    const label = lookAt({ avg_camera_radius: radius, avg_camera_pivot: pivot }, h, v)
    cam2world.forEach((value, i) => {
      expect(label[i]).toBeCloseTo(value, 5)
    })
  })

  it('gives the label that the official tools call the front', () => {
    const label = lookAt(orbit, 3.14 / 2, 3.14 / 2)
    expect(label.length).toBe(25)
    recorded.front.forEach((value, i) => {
      expect(label[i]).toBeCloseTo(value, 5)
    })
  })

  it('survives the poles', () => {
    for (const v of [-1, 0, Math.PI, 4]) expect(lookAt(orbit, 1, v).every(Number.isFinite)).toBe(true)
  })
})

describe('orbitCamera', () => {
  it('is lookAt where both mean the same', () => {
    for (const yaw of [-1.2, 0, 0.7]) {
      orbitCamera(orbit, yaw).forEach((value, i) => {
        expect(value).toBeCloseTo(lookAt(orbit, Math.PI / 2 + yaw, Math.PI / 2)[i], 5)
      })
    }
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
