import { beforeAll, describe, expect, it } from 'vitest'
import { headLike, solid } from '../../../testing/solids.ts'
import { TEMPLATE } from '../face/template.ts'
import { orbitCamera, project } from '../generator/camera.ts'
import type { Surface } from '../surface/mesh.ts'
import { vertexNormals } from '../surface/normals.ts'
import { rasterize } from '../surface/rasterize.ts'
import { extractSurface } from '../surface/surface.ts'
import { backRelief, extentOf, faceRelief, grainOf } from './relief.ts'

const [FRONT, BEHIND] = [0, Math.PI].map((yaw) =>
  orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, yaw),
)
const SIDE = 96

let head: Surface
beforeAll(async () => {
  head = await extractSurface(solid(headLike()), { resolution: 96 })
})

/** What a camera sees that finds the average head's landmarks where they are, each as deep as `depth` says. */
function average(depth: (z: number, landmark: number) => number) {
  const spots = new Float64Array(3 * 478)
  const sight = rasterize(head, FRONT, SIDE)
  for (const { landmark, position } of TEMPLATE.own) {
    const [x, y, z] = position
    const [u, v, far] = project(FRONT, x, y, depth(z, landmark))
    spots.set([u, v, z], 3 * landmark)
    sight.depth[Math.floor(v * SIDE) * SIDE + Math.floor(u * SIDE)] = far
  }
  return faceRelief(spots, sight, FRONT, 'own')
}

describe('the relief of a face', () => {
  it('is the average head’s where its landmarks lie as that head’s', () => {
    const { depth, nose, chin, brow } = average((z) => z)
    expect(depth).toBeCloseTo(1, 1)
    for (const feature of [nose, chin, brow]) expect(Math.abs(feature)).toBeLessThan(1)
  })

  it('is none where the face is flat, and less than none where it is hollow', () => {
    expect(Math.abs(average(() => 0.2).depth)).toBeLessThan(0.1)
    expect(average((z) => 0.4 - z).depth).toBeLessThan(-0.5)
  })

  it('misses a nose, and little else', () => {
    const { nose, brow } = average((z, landmark) => (landmark === 1 || landmark === 4 ? z - 0.05 : z))
    expect(nose).toBeLessThan(-15)
    expect(Math.abs(brow)).toBeLessThan(3)
  })
})

it('measures a head above its eyes', () => {
  const sight = rasterize(head, FRONT, SIDE)
  const spots = new Float64Array(3 * 478)
  for (const { landmark, position } of TEMPLATE.own) {
    const [u, v] = project(FRONT, ...position)
    spots.set([u, v, 0], 3 * landmark)
  }
  const { width, length, height } = extentOf(head, spots, sight, FRONT, 'own')
  // The ellipsoid of the skull: 0.38 across, 0.46 long, its top 0.33 above the middle and 0.27 above the eyes.
  expect(width / 400).toBeCloseTo(0.38, 1)
  expect(length / 400).toBeCloseTo(0.46, 1)
  expect(height / 400).toBeCloseTo(0.27, 1)
})

describe('the grain of a face', () => {
  it('grows with noise, and its steps where there is one', () => {
    const { grain, steps } = grainOf(head, FRONT)
    const changed = (by: (i: number) => number) => {
      const positions = head.positions.map((value, i) => value + by(i))
      return grainOf({ ...head, positions, normals: vertexNormals({ positions, triangles: head.triangles }) }, FRONT)
    }
    const noisy = changed((i) => head.normals[i] * 0.004 * Math.sin(Math.floor(i / 3) * 12.9898))
    expect(noisy.grain).toBeGreaterThan(2 * grain)
    // The left half of the face stands 16 mm before the right one.
    const stepped = changed((i) => (i % 3 === 2 && head.positions[i - 2] > 0 ? 0.04 : 0))
    expect(stepped.steps).toBeGreaterThan(steps + 0.01)
  })
})

describe('the relief of a back', () => {
  it('is small, and not that of the face', () => {
    const { back, through } = backRelief(head, FRONT, BEHIND)
    expect(back).toBeLessThan(2)
    expect(Math.abs(through)).toBeLessThan(0.5)
  })

  it('is that of the face where the face is on the back too', async () => {
    const density = headLike()
    const janus = await extractSurface(
      solid((x, y, z) => density(x, y, Math.abs(z))),
      { resolution: 96 },
    )
    const { back, through } = backRelief(janus, FRONT, BEHIND)
    expect(through).toBeGreaterThan(0.9)
    expect(back).toBeGreaterThan(2)
  })
})
