import { beforeAll, describe, expect, it } from 'vitest'
import { assertClosed, headLike, solid } from '../../../testing/solids.ts'
import type { PosedPortrait } from '../face/posed-portrait.ts'
import { RELIEF_WIDTH } from '../face/relief.ts'
import { orbitCamera } from '../generator/camera.ts'
import { fitFeatures } from './features.ts'
import { MILLIMETRES_PER_UNIT } from './formats/units.ts'
import type { Mesh } from './mesh.ts'
import { rasterize } from './rasterize.ts'
import { closedMesh } from './surface.ts'

const SIDE = 256
const label = orbitCamera({ avg_camera_radius: 2.7, avg_camera_pivot: [0, 0, 0.2] }, 0.3)
const field = solid(headLike())
let mesh: Mesh

/** Along the camera's axis, where the face is. */
const depthAt = (shown: Mesh) => {
  const { depth } = rasterize(shown, label, SIDE)
  return (u: number, v: number) => {
    const [x, y] = [u * SIDE - 0.5, v * SIDE - 0.5]
    const [column, row] = [Math.floor(x), Math.floor(y)]
    const at = (dx: number, dy: number) => depth[(row + dy) * SIDE + column + dx]
    const [a, b] = [x - column, y - row]
    return (1 - b) * ((1 - a) * at(0, 0) + a * at(1, 0)) + b * ((1 - a) * at(0, 1) + a * at(1, 1))
  }
}

/** A face whose landmarks lie as deep as `far` says. */
function facing(far: (u: number, v: number) => number): PosedPortrait {
  const relief = new Float32Array(RELIEF_WIDTH * 400)
  for (let i = 0; i < 400; i++) {
    const [u, v] = places[i]
    relief.set([u, v, far(u, v) * Math.hypot(1, (u - 0.5) / label[16], (v - 0.5) / label[20]), 1], RELIEF_WIDTH * i)
  }
  const picture = { size: SIDE, rgb: new Uint8Array(), valid: new Uint8Array(), matte: new Float32Array() }
  return { label, portrait: { ...picture, relief } }
}
const places = Array.from(
  { length: 400 },
  (_, i) => [0.42 + 0.01 * (i % 20), 0.42 + 0.01 * Math.floor(i / 20)] as const,
)

/** Root mean square over the landmarks of what is left when the mean is taken away, millimetres. */
function spread(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return MILLIMETRES_PER_UNIT * Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

beforeAll(async () => {
  mesh = (await closedMesh(field, { resolution: 128 })).mesh
})

describe('fitFeatures', () => {
  const furrows = (u: number, v: number) => (3 / MILLIMETRES_PER_UNIT) * Math.sin(40 * u) * Math.sin(40 * v)

  it('brings the front to where the landmarks lie, and leaves the back and the surface whole', async () => {
    const flat = depthAt(mesh)
    const photo = facing((u, v) => flat(u, v) + 0.05 + furrows(u, v))
    const bent = (await fitFeatures(field, [photo]))(field)
    const found = (await closedMesh(bent, { resolution: 128 })).mesh
    assertClosed(found)
    const front = depthAt(found)
    const wanted = places.map(([u, v]) => furrows(u, v))
    const left = places.map(([u, v], i) => front(u, v) - flat(u, v) - wanted[i])
    expect(spread(wanted)).toBeGreaterThan(1)
    expect(spread(left)).toBeLessThan(0.5 * spread(wanted))

    const behind = Float32Array.from([0, 0.05, -0.2, 0.05, 0.1, -0.15])
    expect(await bent.sigma(behind)).toEqual(await field.sigma(behind))
  })

  it('leaves to others how deep the whole face is, and which way it looks', async () => {
    const flat = depthAt(mesh)
    const bent = (await fitFeatures(field, [facing((u, v) => flat(u, v) + 0.05)]))(field)
    const found = depthAt((await closedMesh(bent, { resolution: 128 })).mesh)
    expect(spread(places.map(([u, v]) => found(u, v) - flat(u, v)))).toBeLessThan(0.3)
  })

  it('bends nothing where no landmarks are known, or none lie on the surface', async () => {
    const photo = facing(() => 2.7)
    const nothing = { ...photo, portrait: { ...photo.portrait, relief: undefined } }
    expect((await fitFeatures(field, [nothing]))(field)).toBe(field)
    const beside = {
      ...photo,
      portrait: { ...photo.portrait, relief: new Float32Array(400 * RELIEF_WIDTH).fill(0.99) },
    }
    expect((await fitFeatures(field, [beside]))(field)).toBe(field)
  })
})
