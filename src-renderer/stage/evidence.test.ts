import { expect, test } from 'vitest'
import { cameraLabel } from '../../src-main/engine/face/pose.ts'
import { drawEvidence } from '../../src-main/engine/quality/evidence.ts'
import { evidenceColours, light } from './evidence.ts'

test.each([0, 0.25, 0.5, 0.8, 1])('evidence of %d has the colour it has in the sheet', (value) => {
  // A wall that faces the camera, and one that is turned by 60 degrees.
  for (const cosine of [1, 0.5]) {
    const normal = [Math.sqrt(1 - cosine * cosine), 0, cosine]
    const wall = {
      positions: Float32Array.of(-9, -9, 0, 9, -9, 0, 0, 9, 0),
      normals: Float32Array.from([normal, normal, normal].flat()),
      colours: new Float32Array(9),
      triangles: Uint32Array.of(0, 1, 2),
      voxel: 1,
    }
    const evidence = new Float32Array(3).fill(value)
    const drawn = drawEvidence(wall, evidence, cameraLabel('own', 0, 0), 8).subarray(3 * 36, 3 * 37)
    const [...own] = evidenceColours(Uint8Array.of(Math.round(value * 255)))
    own.forEach((channel, k) => {
      expect(Math.abs(channel * light(cosine) - drawn[k])).toBeLessThanOrEqual(1.5)
    })
  }
})
