import { beforeAll, describe, expect, it } from 'vitest'
import { decodedSample } from '../../../testing/face.ts'
import { headLike, solid, sphere } from '../../../testing/solids.ts'
import type { MattedPortrait } from '../face/matted-portrait.ts'
import { orbitCamera } from '../generator/camera.ts'
import type { Surface } from '../surface/mesh.ts'
import { extractSurface } from '../surface/surface.ts'
import { drawEvidence, evidenceOf } from './evidence.ts'

const ORBIT = { avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] as [number, number, number] }
const FRONT = orbitCamera(ORBIT, 0)
const SIZE = 256

let head: Surface
let sharp: MattedPortrait
beforeAll(async () => {
  head = await extractSurface(solid(headLike()), { resolution: 96 })
  // About what the crop of a sharp photo is: its eyes lie where the average head has them.
  const { rgb } = await decodedSample((image) =>
    image.extract({ left: 140, top: 38, width: 167, height: 167 }).resize(SIZE),
  )
  sharp = {
    size: SIZE,
    rgb,
    matte: new Float32Array(SIZE * SIZE).fill(1),
    valid: new Uint8Array(SIZE * SIZE).fill(1),
  }
})

/** Mean evidence of the vertices that a predicate names. */
function mean(evidence: Float32Array, which: (x: number, y: number, z: number) => boolean): number {
  const { positions } = head
  const chosen = evidence.filter((_, v) => which(positions[3 * v], positions[3 * v + 1], positions[3 * v + 2]))
  expect(chosen.length).toBeGreaterThan(10)
  return chosen.reduce((sum, value) => sum + value, 0) / chosen.length
}

describe('evidenceOf', () => {
  it('has seen the face and not the back of the head', () => {
    const evidence = evidenceOf(head, [{ label: FRONT, portrait: sharp }], 'own')
    expect(evidence.every((value) => value >= 0 && value <= 1)).toBe(true)
    expect(mean(evidence, (x, y, z) => z > 0.15 && Math.abs(x) < 0.06 && Math.abs(y) < 0.1)).toBeGreaterThan(0.7)
    expect(mean(evidence, (_x, _y, z) => z < -0.05)).toBe(0)
  })

  it('has seen one cheek of a turned face', () => {
    const evidence = evidenceOf(head, [{ label: orbitCamera(ORBIT, 0.8), portrait: sharp }], 'own')
    const cheek = (side: number) =>
      mean(evidence, (x, y, z) => side * x > 0.1 && side * x < 0.2 && Math.abs(y) < 0.1 && z > 0.05 && z < 0.2)
    expect(cheek(1)).toBeGreaterThan(0.5)
    expect(cheek(-1)).toBeLessThan(0.1)
  })

  it('has seen what one of several photos saw', () => {
    const [left, right] = [0.8, -0.8].map((yaw) => ({ label: orbitCamera(ORBIT, yaw), portrait: sharp }))
    const [a, b] = [evidenceOf(head, [left], 'own'), evidenceOf(head, [right], 'own')]
    expect(evidenceOf(head, [left, right], 'own')).toEqual(a.map((value, i) => Math.max(value, b[i])))
  })

  it('has not seen what lies behind something else', async () => {
    const ball = await extractSurface(solid(sphere(0.08)), { resolution: 64 })
    const count = head.positions.length / 3
    const both: Surface = {
      ...head,
      positions: Float32Array.of(
        ...head.positions,
        ...ball.positions.map((value, i) => value + (i % 3 === 2 ? 0.5 : 0)),
      ),
      normals: Float32Array.of(...head.normals, ...ball.normals),
      triangles: Uint32Array.of(...head.triangles, ...ball.triangles.map((vertex) => vertex + count)),
    }
    const nose = (x: number, y: number, z: number) => z > 0.2 && Math.hypot(x, y) < 0.03
    expect(mean(evidenceOf(head, [{ label: FRONT, portrait: sharp }], 'own'), nose)).toBeGreaterThan(0.5)
    expect(mean(evidenceOf(both, [{ label: FRONT, portrait: sharp }], 'own').subarray(0, count), nose)).toBe(0)
  })

  it('has seen nothing outside the matte or the photo, and less of a blurred one', async () => {
    const left = Float32Array.from(sharp.matte, (_, i) => (i % SIZE < SIZE / 2 ? 1 : 0))
    const part = { matte: left }
    const invalid = { valid: Uint8Array.from(left) }
    for (const change of [part, invalid]) {
      const evidence = evidenceOf(head, [{ label: FRONT, portrait: { ...sharp, ...change } }], 'own')
      expect(mean(evidence, (x, y, z) => x < -0.02 && x > -0.08 && Math.abs(y) < 0.1 && z > 0.1)).toBeGreaterThan(0.6)
      expect(mean(evidence, (x) => x > 0.02)).toBe(0)
    }
    const { rgb } = await decodedSample((image) =>
      image.extract({ left: 140, top: 38, width: 167, height: 167 }).blur(3.5).resize(SIZE),
    )
    const face = (x: number, y: number, z: number) => z > 0.15 && Math.abs(x) < 0.06 && Math.abs(y) < 0.1
    const blurred = mean(evidenceOf(head, [{ label: FRONT, portrait: { ...sharp, rgb } }], 'own'), face)
    expect(blurred).toBeLessThan(0.7 * mean(evidenceOf(head, [{ label: FRONT, portrait: sharp }], 'own'), face))
  })
})

describe('drawEvidence', () => {
  it('paints the seen orange, the invented blue, the rest white', () => {
    const evidence = evidenceOf(head, [{ label: FRONT, portrait: sharp }], 'own')
    const at = (rgb: Uint8Array, x: number, y: number) => [...rgb.subarray(3 * (y * 64 + x), 3 * (y * 64 + x) + 3)]
    const front = drawEvidence(head, evidence, FRONT, 64)
    const [red, , blue] = at(front, 32, 36)
    expect(red).toBeGreaterThan(2 * blue)
    expect(at(front, 1, 1)).toEqual([255, 255, 255])
    const [backRed, , backBlue] = at(drawEvidence(head, evidence, orbitCamera(ORBIT, Math.PI), 64), 32, 28)
    expect(backBlue).toBeGreaterThan(2 * backRed)
  })
})
